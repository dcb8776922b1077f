-- What core/writing/writer.ts and core/writing/transaction.ts call.

-- emit: writes a batch onto a channel, all of it or nothing.
-- KEYS: the keys of a batch.
-- ARGV: the writer, its lease ('' if it is not a replay) and the life of the lease; `waits`: refuse a batch that would push
-- events out of the log which an attached service has not read; `follows`: take the batch only right after the writer's own
-- last one; and the batch. A batch that is sent before the one before it was answered has to follow that one, so that it does
-- not overtake it where that is refused.
-- Returns {1, epoch, offset} when it is written; {0, epoch, offset} when the channel stands elsewhere: stamp the batch again;
-- {-1, holder} when the lease is another's; {-2, service} when the service has not read a full log.
local function emit(KEYS, ARGV)
  local key, batch = read_batch_keys(KEYS, 1), read_emit(ARGV, 1)
  local epoch, offset, by, lease = head_of(key.head)
  local is_owned = batch.token ~= ''
  -- Not the owner's key, which is gone once the lease has run out: who took the channel since has it, even if it is done.
  if is_owned and lease and lease ~= batch.token then return { -1, lease } end
  if epoch ~= batch.expectedEpoch or offset ~= batch.expectedOffset then return { 0, epoch, offset } end
  if batch.follows and by ~= batch.writer then return { 0, epoch, offset } end
  if batch.waits then
    local service = held_back_by(key.log, key.consumers, batch.logMax, batch.events, epoch, offset)
    if service then return { -2, service } end
  end
  if is_owned then redis.call('SET', key.owner, batch.token, 'PX', batch.leaseMs) end
  return { 1, batch.epoch, append(key, batch, ARGV, batch.writer, is_owned) }
end

-- Whether a transaction may be carried out: what `emit` checks, and that the log takes the entries, for a command that fails
-- within a transaction does not stop it. `key`, `batch`: of `admit`.
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

-- admit: lets a transaction be carried out by writing the key that it waits for; see core/writing/transaction.ts.
-- KEYS: head, log and consumers of the channel, the admission.
-- ARGV: lease, writer, waits and follows as for `emit`; events to keep in the log, expected position, the epoch and the offset
-- that the batch follows, how many events it has.
-- Returns nothing.
local function admit(KEYS, ARGV)
  local key = read_admit_keys(KEYS, 1)
  if is_admissible(key, read_admit(ARGV, 1)) then redis.call('SET', key.admission, 'yes', 'PX', limits.ADMISSION_MS) end
end
