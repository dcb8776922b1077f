-- Called by core/writing/writer.ts and core/writing/transaction.ts.

-- emit: writes a batch onto a channel, completely or not at all.
-- KEYS: the keys of a batch. ARGV: as in core/lua/functions.ts. `follows` is for a batch that is sent before the answer to
-- the previous one: if that is refused, this one must not overtake it. A key after those of the batch makes the batch be
-- written once: it holds the position of the last event for a day.
-- Returns
--   {1, epoch, offset}: written; the position of the last event;
--   {2, epoch, offset}: it was written before, to this position;
--   {0, epoch, offset}: the channel is at this position: give the events new offsets and call again;
--   {-1, holder}: another process has the lease;
--   {-2, service}: this service has not read the log, which is full.
local function emit(KEYS, ARGV)
  local key, next = read_batch_keys(KEYS, 1)
  local batch, once = read_emit(ARGV, 1), KEYS[next]
  local written = once and redis.call('GET', once)
  if written then return { 2, position_of(written) } end
  local epoch, offset, by, lease = head_of(key.head)
  local is_owned = batch.token ~= ''
  -- The owner's key is not enough: it expires with the lease. The lease that took the channel last
  -- counts, even after its replay has ended.
  if is_owned and lease and lease ~= batch.token then return { -1, lease } end
  if epoch ~= batch.expectedEpoch or offset ~= batch.expectedOffset then return { 0, epoch, offset } end
  if batch.follows and by ~= batch.writer then return { 0, epoch, offset } end
  if batch.waits then
    local service = held_back_by(key.log, key.consumers, batch.logMax, batch.events, epoch, offset)
    if service then return { -2, service } end
  end
  if is_owned then redis.call('SET', key.owner, batch.token, 'PX', batch.leaseMs) end
  local last = append(key, batch, ARGV, batch.writer, is_owned)
  if once then redis.call('SET', once, string.format('%d-%d', batch.epoch, last), 'EX', limits.ONCE_SECONDS) end
  return { 1, batch.epoch, last }
end

-- Whether a transaction may be executed. It checks what `emit` checks; and that the log accepts the entries, because a
-- command that fails within a transaction does not stop the others. `key`, `batch`: the arguments of `admit`.
local function is_admissible(key, batch)
  local epoch, offset, by, lease = head_of(key.head)
  if epoch ~= batch.expectedEpoch or offset ~= batch.expectedOffset then return false end
  if batch.follows and by ~= batch.writer then return false end
  if batch.token ~= '' and lease and lease ~= batch.token then return false end
  if batch.waits and held_back_by(key.log, key.consumers, batch.logMax, batch.events, epoch, offset) then return false end
  if batch.logMax == 0 then return true end
  local last = redis.call('XREVRANGE', key.log, '+', '-', 'COUNT', 1)[1]
  return not last or not is_before(batch.epoch, batch.offset, position_of(last[1]))
end

-- Whether the user may execute each command of a transaction. One that is forbidden while the transaction is executed would
-- not stop the others.
local function may_transact(key, batch)
  local may = redis.acl_check_cmd
  if not may then return true end
  return may('WATCH', key.head) and may('MULTI') and may('EXEC') and may('XREAD', 'STREAMS', key.answers, '$')
    and may('PUBLISH', keys.messages(batch.channel), '') and may('HSET', key.head, 'f', '') and may('HSET', key.state, 'f', '')
    and may('DEL', key.state) and may('HINCRBY', key.head, 'own', 1) and may('SADD', keys.channels, '')
    and may('SET', key.receipt, '') and may('SET', key.owner, '')
    and (batch.logMax == 0 or may('XADD', key.log, '*', 'e', '') and may('XTRIM', key.log, 'MAXLEN', 1))
end

-- admit: says whether a transaction may be executed (core/writing/transaction.ts). The answer has the number of the call.
-- KEYS, ARGV: as in core/lua/functions.ts. Returns nothing.
local function admit(KEYS, ARGV)
  local key, batch = read_admit_keys(KEYS, 1), read_admit(ARGV, 1)
  local is_admitted = may_transact(key, batch) and is_admissible(key, batch)
  local refused = batch.call .. '-' .. limits.CALL_REFUSED
  redis.call('DEL', key.answers)
  if not is_admitted then
    redis.call('SET', key.refusal, refused, 'PX', limits.ANSWERS_MS)
    redis.call('XADD', key.answers, refused, 'a', '')
  end
  redis.call('XADD', key.answers, batch.call .. '-' .. limits.CALL_ANSWERED, 'a', '')
  redis.call('PEXPIRE', key.answers, limits.ANSWERS_MS)
end
