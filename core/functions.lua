#!lua name=reprise_@VERSION@
-- The Redis Functions of Reprise. Each is atomic: it checks all it was told before the first write, because a script
-- that fails half-way is not rolled back. @VERSION@ is a hash of this text, so two releases can share one Redis.

-- Where a channel stands: epoch, offset; 0, 0 before its first event. Then who wrote last, and which lease it was taken
-- with last: false where nobody did.
local function head_of(key)
  local head = redis.call('HMGET', key, 'epoch', 'offset', 'by', 'lease')
  return tonumber(head[1] or 0), tonumber(head[2] or 0), head[3], head[4]
end

-- A block of arguments that describes a batch for one channel, the same in every function:
--   channel, expected epoch, expected offset, epoch to write, event time of the last event (ms),
--   events to keep in the log (0: no log), keep state (1/0), bare (1/0), count n,
--   n events; if state is kept how many subjects, and of each its name and the number of its last event; n bare data if bare.
local function read_batch(args, at)
  local batch = {
    channel = args[at], expected_epoch = tonumber(args[at + 1]), expected_offset = tonumber(args[at + 2]),
    epoch = tonumber(args[at + 3]), time = args[at + 4], log_max = tonumber(args[at + 5]),
    keeps_state = args[at + 6] == '1', bare = args[at + 7] == '1', count = tonumber(args[at + 8]),
  }
  -- Where the events, subjects and bare data stand in the arguments: they may be many, and are not copied.
  batch.args, batch.events_at = args, at + 8
  at = at + 9 + batch.count
  if batch.keeps_state then batch.subjects_at, at = at, at + 1 + tonumber(args[at]) * 2 end
  if batch.bare then batch.data_at, at = at - 1, at + batch.count end
  return batch, at
end

-- The keys of a batch, in order: head, log, state, consumers, owner, latest (a plain key, '' if there is none).
local BATCH_KEYS = 6
local function keys_of(keys, at)
  return {
    head = keys[at], log = keys[at + 1], state = keys[at + 2],
    consumers = keys[at + 3], owner = keys[at + 4], latest = keys[at + 5],
  }
end

-- Whether so many messages on a channel would reach nobody, here or at a replica: looked up where that pays.
local HEARD_MIN = 16
local function is_unheard(channel, count)
  if count < HEARD_MIN then return false end
  local subscribers, patterns = redis.pcall('PUBSUB', 'NUMSUB', channel), redis.pcall('PUBSUB', 'NUMPAT')
  if subscribers[2] ~= 0 or patterns ~= 0 then return false end
  local replication = redis.pcall('INFO', 'replication')
  return type(replication) == 'string' and string.find(replication, 'connected_slaves:0', 1, true) ~= nil
end

-- Publishes, logs and keeps the state of a batch whose head was checked.
local function append(key, batch, writer)
  local fresh = batch.epoch > batch.expected_epoch
  local offset = fresh and 0 or batch.expected_offset
  if fresh then redis.call('DEL', key.state) end
  local args, events_at, call = batch.args, batch.events_at, redis.call
  local shown_at = batch.bare and batch.data_at or events_at
  local channel, log, prefix = batch.channel, key.log, string.format('%d-', batch.epoch)
  if batch.log_max > 0 then
    -- As text by format: a number that is concatenated is made text as a fraction might be, which takes three times as long.
    for i = 1, batch.count do
      call('XADD', log, string.format('%s%d', prefix, offset + i), 'e', args[events_at + i])
    end
  end
  if not is_unheard(channel, batch.count) then
    for i = 1, batch.count do call('PUBLISH', channel, args[shown_at + i]) end
  end
  if batch.keeps_state then
    local subjects_at = batch.subjects_at
    local subjects_end = subjects_at + tonumber(args[subjects_at]) * 2
    for first = subjects_at + 1, subjects_end, 2000 do
      local fields = {}
      for i = first, math.min(first + 1998, subjects_end), 2 do
        fields[#fields + 1] = args[i]
        fields[#fields + 1] = args[events_at + tonumber(args[i + 1])]
      end
      call('HSET', key.state, unpack(fields))
    end
  end
  if key.latest ~= '' and batch.count > 0 then call('SET', key.latest, args[shown_at + batch.count]) end
  if batch.log_max > 0 and batch.count > 0 then redis.call('XTRIM', key.log, 'MAXLEN', '~', batch.log_max) end
  redis.call('HSET', key.head, 'epoch', batch.epoch, 'offset', offset + batch.count, 'time', batch.time, 'by', writer)
  if batch.owned then redis.call('HINCRBY', key.head, 'own', batch.count) end
  if offset == 0 then redis.call('SADD', 'reprise:channels', batch.channel) end
end

local function now_ms()
  local now = redis.call('TIME')
  return tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000)
end

-- Whether the log has entries of earlier epochs than one that a consumer at a position has not read.
local function has_unread_before(log, epoch, offset, before_epoch)
  local last = redis.call('XREVRANGE', log, string.format('%d-0', before_epoch), '-', 'COUNT', 1)[1]
  if not last then return false end
  local last_epoch, last_offset = string.match(last[1], '^(%d+)-(%d+)$')
  last_epoch, last_offset = tonumber(last_epoch), tonumber(last_offset)
  return last_epoch > epoch or (last_epoch == epoch and last_offset > offset)
end

-- The attached consumer whose unread events this batch would push out of the log, or nil.
local function held_back_by(key, batch)
  if batch.log_max == 0 then return nil end
  local consumers = redis.call('HGETALL', key.consumers)
  if #consumers == 0 then return nil end
  local now = now_ms()
  local last = batch.expected_offset + batch.count
  -- What is longer than the log can't be read whole: the reader counts the rest as lost.
  local unread_max = math.max(batch.log_max, batch.count)
  for i = 1, #consumers, 2 do
    local epoch, offset, deadline = string.match(consumers[i + 1], '^(%d+)-(%d+) (%d+)$')
    if epoch and tonumber(deadline) > now then
      epoch, offset = tonumber(epoch), tonumber(offset)
      -- One that has read all before this epoch is at its beginning: it hears of the epoch by its first event.
      local is_behind = epoch ~= batch.expected_epoch
      if is_behind and has_unread_before(key.log, epoch, offset, batch.expected_epoch) then
        if redis.call('XLEN', key.log) + batch.count > batch.log_max then return consumers[i] end
      elseif last - (is_behind and 0 or offset) > unread_max then
        return consumers[i]
      end
    end
  end
  return nil
end

-- emit: one batch onto one channel, all or nothing.
-- KEYS: the keys of a batch. ARGV: lease token ('' for writers that are no replay), lease ms, wait (1: refuse what
-- would push unread events out of the log), writer, follows (1: only right after the writer's own batch; for batches sent
-- before the answer to the one before, which must not overtake it when that is refused), then the batch.
-- Returns {1, epoch, offset} done; {0, epoch, offset} Redis stands elsewhere: stamp again; {-1, holder} the lease is
-- another's; {-2, consumer} the log is full.
local function emit(keys, args)
  local key = keys_of(keys, 1)
  local token, lease_ms, wait = args[1], args[2], args[3] == '1'
  local writer, follows = args[4], args[5] == '1'
  local batch = read_batch(args, 6)
  local epoch, offset, by, lease = head_of(key.head)
  -- Not the owner key, which is gone once the lease has run out: who took the channel since has it, even if it is done.
  if token ~= '' and lease and lease ~= token then return { -1, lease } end
  if epoch ~= batch.expected_epoch or offset ~= batch.expected_offset then return { 0, epoch, offset } end
  if follows and by ~= writer then return { 0, epoch, offset } end
  if wait then
    local consumer = held_back_by(key, batch)
    if consumer then return { -2, consumer } end
  end
  if token ~= '' then redis.call('SET', key.owner, token, 'PX', lease_ms) end
  batch.owned = token ~= ''
  append(key, batch, writer)
  return { 1, batch.epoch, offset + batch.count }
end

-- admit: lets a transaction be carried out, by writing the key that it needs; see transaction.ts. It checks what emit
-- does, and that the log takes the entries: a command that fails within a transaction does not stop it.
-- KEYS: head, log, consumers, admission. ARGV: lease token, writer, wait, follows, events to keep in the log, expected
-- epoch, expected offset, epoch to write, offset of the last event before the batch, count.
local function admit(keys, args)
  local key = { head = keys[1], log = keys[2], consumers = keys[3] }
  local token, writer, wait, follows = args[1], args[2], args[3] == '1', args[4] == '1'
  local batch = {
    log_max = tonumber(args[5]), expected_epoch = tonumber(args[6]), expected_offset = tonumber(args[7]),
    epoch = tonumber(args[8]), from = tonumber(args[9]), count = tonumber(args[10]),
  }
  local function holds()
    local epoch, offset, by, lease = head_of(key.head)
    if epoch ~= batch.expected_epoch or offset ~= batch.expected_offset then return false end
    if follows and by ~= writer then return false end
    if token ~= '' and lease and lease ~= token then return false end
    if wait and held_back_by(key, batch) then return false end
    local last = batch.log_max > 0 and redis.call('XREVRANGE', key.log, '+', '-', 'COUNT', 1)[1]
    if last then
      local logged_epoch, logged_offset = string.match(last[1], '^(%d+)-(%d+)$')
      logged_epoch = tonumber(logged_epoch)
      if logged_epoch > batch.epoch then return false end
      if logged_epoch == batch.epoch and tonumber(logged_offset) > batch.from then return false end
    end
    return true
  end
  if holds() then redis.call('SET', keys[4], 'yes', 'PX', 1000) end
end

-- begin: a replay takes its channels and opens the same new epoch on all of them; their state is void.
-- KEYS: starts of replays; per channel owner, head, state. ARGV: lease token, lease ms, last epoch the replay knows of (a
-- Redis that lost its memory must not count down), replay, what to keep about the start, channels...
-- Returns {1, epoch} or {-1, channel, holder}: nothing was taken.
local function begin(keys, args)
  local token, lease_ms = args[1], args[2]
  local newest = tonumber(args[3])
  for i = 2, #keys, 3 do
    local holder = redis.call('GET', keys[i])
    if holder and holder ~= token then return { -1, args[5 + (i + 1) / 3], holder } end
    newest = math.max(newest, (head_of(keys[i + 1])))
  end
  for i = 2, #keys, 3 do
    redis.call('SET', keys[i], token, 'PX', lease_ms)
    redis.call('HSET', keys[i + 1], 'epoch', newest + 1, 'offset', 0, 'by', token, 'own', 0, 'lease', token)
    redis.call('DEL', keys[i + 2])
    redis.call('SADD', 'reprise:channels', args[5 + (i + 1) / 3])
  end
  redis.call('HSET', keys[1], args[4], string.format('%d %s', newest + 1, args[5]))
  return { 1, newest + 1 }
end

-- resume: a replay takes its channels where a process that is gone has left them, in the same epoch.
-- KEYS: per channel owner, head. ARGV: lease token, lease ms, epoch.
-- Returns {1, then per channel offset, own}; {0} another epoch began there; {-1, holder}: nothing was taken.
local function resume(keys, args)
  local reply = { 1 }
  for i = 1, #keys, 2 do
    local holder = redis.call('GET', keys[i])
    if holder and holder ~= args[1] then return { -1, holder } end
    local epoch, offset = head_of(keys[i + 1])
    if epoch ~= tonumber(args[3]) then return { 0 } end
    reply[#reply + 1] = offset
    reply[#reply + 1] = tonumber(redis.call('HGET', keys[i + 1], 'own') or 0)
  end
  for i = 1, #keys, 2 do
    redis.call('SET', keys[i], args[1], 'PX', args[2])
    redis.call('HSET', keys[i + 1], 'lease', args[1])
  end
  return reply
end

-- renew and release: KEYS: per channel owner, head. ARGV: lease token, lease ms (0 releases). A lease that has run out is
-- renewed all the same where nobody has taken the channel since. Returns {1}; {-1, n, holder} the n-th channel is another's.
local function renew(keys, args)
  local reply = { 1 }
  for i = 1, #keys, 2 do
    local _, _, _, lease = head_of(keys[i + 1])
    if lease and lease ~= args[1] then
      reply = { -1, (i + 1) / 2, lease }
    else
      if args[2] == '0' then redis.call('DEL', keys[i]) else redis.call('SET', keys[i], args[1], 'PX', args[2]) end
    end
  end
  return reply
end

-- mark: a replay says how far it is on channels that nothing was written to for a while, and that an epoch is over, so that
-- services need not wait for an event that may never come; a service, that its output is. All that it wrote before is there.
-- KEYS: per channel head, ends. ARGV: lease token ('' of a service), epoch, time (ms) before which nothing will come in this
-- epoch ('' where that is not known), over (1/0).
local function mark(keys, args)
  for i = 1, #keys, 2 do
    local epoch, offset, _, lease = head_of(keys[i])
    if (args[1] == '' or lease == args[1]) and epoch == tonumber(args[2]) then
      if args[3] ~= '' then redis.call('HSET', keys[i], 'watermark', args[3], 'watermark_epoch', epoch) end
      if args[4] == '1' then
        local fields = redis.call('HKEYS', keys[i + 1])
        -- Who is so many epochs behind has lost more than their ends.
        if #fields >= 64 then
          table.sort(fields, function(a, b) return tonumber(a) < tonumber(b) end)
          redis.call('HDEL', keys[i + 1], unpack(fields, 1, 32))
        end
        redis.call('HSET', keys[i + 1], epoch, offset)
      end
    end
  end
  return { 1 }
end

-- hold: a process takes or keeps the right to run a service. KEYS: holder. ARGV: token, ms (0 gives it up). Returns {1} or
-- {0, holder}.
local function hold(keys, args)
  local holder = redis.call('GET', keys[1])
  if holder and holder ~= args[1] then return { 0, holder } end
  if args[2] == '0' then redis.call('DEL', keys[1]) else redis.call('SET', keys[1], args[1], 'PX', args[2]) end
  return { 1 }
end

-- Keeps a hop of a trace: in the stream of all hops, and where it stands there in one of 256 lists, by the last digits of the
-- trace's id. Of 100,000 hops a list holds 390.
local TRACES_MAX, INDEX_MIN, INDEX_MAX = 100000, 600, 800
local function keep_hop(trace, hop)
  local id = redis.call('XADD', 'reprise:traces', 'MAXLEN', '~', TRACES_MAX, '*', 't', trace, 'd', hop)
  local index = 'reprise:trace-index:' .. string.sub(trace, -2)
  if redis.call('RPUSH', index, trace .. id) > INDEX_MAX then redis.call('LTRIM', index, -INDEX_MIN, -1) end
end

-- note: keeps hops. ARGV: trace id, hop, and so on. Returns {1}.
local function note(_, args)
  for i = 1, #args, 2 do keep_hop(args[i], args[i + 1]) end
  return { 1 }
end

-- commit: what a service did with a batch of input, all or nothing: outputs, what it keeps, dead letters, position.
-- KEYS: checkpoint; dead letters; then per input its consumers key; then per output the keys of a batch.
-- ARGV: service, attached until (epoch ms), wait (1: refuse what would push unread events out of a log), forget what was
-- kept first (1/0), name of the service's last commit as it knows it ('' at the first), name of this one,
--   inputs: count, then channel, new position;
--   kept: count, then entry, value ('' forgets it);
--   dead letters: how many are kept in all, count, then letters;
--   outputs: count, then batches;
--   retries: count, then when (epoch ms), event; hops of traces: count, then trace id, hop.
-- Returns {1} done; {0, channel, epoch, offset} an output stands elsewhere: stamp again; {-1, name} the last commit is
-- another: this very one, which arrived before, or that of a process that has gone on with the service; {-2, consumer} the
-- log of an output is full.
local function commit(keys, args)
  local checkpoint, letters_key = keys[1], keys[2]
  local service, deadline, wait, forget = args[1], args[2], args[3] == '1', args[4] == '1'
  local at, inputs = 8, {}
  for i = 1, tonumber(args[7]) do
    inputs[i] = { channel = args[at], to = args[at + 1], consumers = keys[2 + i] }
    at = at + 2
  end
  local entries_at, entry_count = at, tonumber(args[at])
  at = at + 1 + entry_count * 2
  local letters_max, letter_count, letters_at = args[at], tonumber(args[at + 1]), at + 1
  at = at + 2 + letter_count
  local outputs = {}
  local output_count = tonumber(args[at])
  at = at + 1
  for i = 1, output_count do
    local batch
    batch, at = read_batch(args, at)
    outputs[i] = { batch = batch, key = keys_of(keys, 3 + #inputs + (i - 1) * BATCH_KEYS) }
  end
  local retry_count, retries_at = tonumber(args[at]), at
  at = at + 1 + retry_count * 2
  local hop_count, hops_at = tonumber(args[at]), at

  local last = redis.call('HGET', checkpoint, '#commit') or ''
  if last ~= args[5] then return { -1, last } end
  for _, output in ipairs(outputs) do
    local epoch, offset = head_of(output.key.head)
    if epoch ~= output.batch.expected_epoch or offset ~= output.batch.expected_offset then
      return { 0, output.batch.channel, epoch, offset }
    end
    local consumer = wait and held_back_by(output.key, output.batch)
    if consumer then return { -2, consumer } end
  end

  -- First, as this is what could fail.
  for _, output in ipairs(outputs) do append(output.key, output.batch, service) end
  if forget then redis.call('DEL', checkpoint) end
  redis.call('HSET', checkpoint, '#commit', args[6])
  for _, input in ipairs(inputs) do
    redis.call('HSET', checkpoint, '@' .. input.channel, input.to)
    redis.call('HSET', input.consumers, service, input.to .. ' ' .. deadline)
  end
  for i = entries_at + 1, entries_at + entry_count * 2, 2 do
    if args[i + 1] == '' then
      redis.call('HDEL', checkpoint, args[i])
    else
      redis.call('HSET', checkpoint, args[i], args[i + 1])
    end
  end
  for i = 1, letter_count do
    redis.call('XADD', letters_key, 'MAXLEN', '~', letters_max, '*', 'd', args[letters_at + i])
  end
  for i = 1, retry_count * 2, 2 do redis.call('ZADD', 'reprise:retries', args[retries_at + i], args[retries_at + i + 1]) end
  for i = 1, hop_count * 2, 2 do
    keep_hop(args[hops_at + i], args[hops_at + i + 1])
  end
  if letter_count > 0 then redis.call('HINCRBY', 'reprise:tally:' .. service, 'failed', letter_count) end
  if retry_count > 0 then redis.call('HINCRBY', 'reprise:tally:' .. service, 'retried', retry_count) end
  return { 1 }
end

redis.register_function('reprise_emit_@VERSION@', emit)
redis.register_function('reprise_admit_@VERSION@', admit)
redis.register_function('reprise_begin_@VERSION@', begin)
redis.register_function('reprise_resume_@VERSION@', resume)
redis.register_function('reprise_renew_@VERSION@', renew)
redis.register_function('reprise_commit_@VERSION@', commit)
redis.register_function('reprise_mark_@VERSION@', mark)
redis.register_function('reprise_hold_@VERSION@', hold)
redis.register_function('reprise_note_@VERSION@', note)
