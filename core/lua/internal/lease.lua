-- The rights to write on a channel and to run a service. core/writing/lease.ts and the analysis call these.

-- begin: a replay takes its channels and opens the same new epoch on all of them. Their state is void.
-- KEYS: the starts of replays; then per channel owner, head, state.
-- ARGV: lease, its life, the last epoch that the replay knows of (a Redis that lost its data must not count down), the
-- replay, what to keep about the start, and the channels.
-- Returns {1, epoch}; or {-1, channel, holder} where another replay has one: then nothing is taken.
local function begin(KEYS, ARGV)
  local start = read_begin(ARGV, 1)
  local newest = start.lastEpoch
  for i = 2, #KEYS, 3 do
    local holder = redis.call('GET', KEYS[i])
    if holder and holder ~= start.token then return { -1, ARGV[start.channelsFirst + (i - 2) / 3], holder } end
    newest = math.max(newest, (head_of(KEYS[i + 1])))
  end
  local epoch = newest + 1
  for i = 2, #KEYS, 3 do
    redis.call('SET', KEYS[i], start.token, 'PX', start.leaseMs)
    redis.call('HSET', KEYS[i + 1], 'epoch', epoch, 'offset', 0, 'by', start.token, 'own', 0, 'lease', start.token)
    redis.call('DEL', KEYS[i + 2])
    redis.call('SADD', keys.channels, ARGV[start.channelsFirst + (i - 2) / 3])
  end
  redis.call('HSET', KEYS[1], start.replay, string.format('%d %s', epoch, start.about))
  return { 1, epoch }
end

-- resume: a replay takes its channels where a process that is gone has left them, in the same epoch.
-- KEYS: per channel owner, head. ARGV: lease, its life, epoch.
-- Returns {1, then per channel its offset and how many events of it are the replay's own}; {0} where another epoch has begun;
-- {-1, holder} where another replay has a channel: then nothing is taken.
local function resume(KEYS, ARGV)
  local claim = read_resume(ARGV, 1)
  local reply = { 1 }
  for i = 1, #KEYS, 2 do
    local holder = redis.call('GET', KEYS[i])
    if holder and holder ~= claim.token then return { -1, holder } end
    local epoch, offset = head_of(KEYS[i + 1])
    if epoch ~= claim.epoch then return { 0 } end
    reply[#reply + 1] = offset
    reply[#reply + 1] = tonumber(redis.call('HGET', KEYS[i + 1], 'own') or 0)
  end
  for i = 1, #KEYS, 2 do
    redis.call('SET', KEYS[i], claim.token, 'PX', claim.leaseMs)
    redis.call('HSET', KEYS[i + 1], 'lease', claim.token)
  end
  return reply
end

-- Sets a key with a time to live, or removes it where that is 0.
local function keep_for(key, token, life_ms)
  if life_ms == 0 then redis.call('DEL', key) else redis.call('SET', key, token, 'PX', life_ms) end
end

-- renew: keeps the lease of channels, or gives it back. One that has run out is renewed all the same where nobody has taken
-- the channel since.
-- KEYS: per channel owner, head. ARGV: lease, its life (0 gives it back).
-- Returns {1}; or {-1, n, holder} where the n-th channel is another's.
local function renew(KEYS, ARGV)
  local claim = read_renew(ARGV, 1)
  local reply = { 1 }
  for i = 1, #KEYS, 2 do
    local _, _, _, lease = head_of(KEYS[i + 1])
    if lease and lease ~= claim.token then
      reply = { -1, (i + 1) / 2, lease }
    else
      keep_for(KEYS[i], claim.token, claim.leaseMs)
    end
  end
  return reply
end

-- Keeps the offset at which an epoch ended. `ends`: the key.
local function keep_end(ends, epoch, offset)
  local epochs = redis.call('HKEYS', ends)
  if #epochs >= limits.ENDS_MAX then
    table.sort(epochs, function(a, b) return tonumber(a) < tonumber(b) end)
    redis.call('HDEL', ends, unpack(epochs, 1, limits.ENDS_DROPPED))
  end
  redis.call('HSET', ends, epoch, offset)
end

-- mark: tells how far a replay is on channels that nothing was written to for a while, and that an epoch is over, so that
-- services need not wait for an event that may never come. A service tells so that its output is over. Whatever the caller
-- wrote before must have been written.
-- KEYS: per channel head, ends.
-- ARGV: lease ('' of a service), epoch, the time before which nothing will come in it ('' where that is not known), whether
-- the epoch is over.
-- Returns {1}, also where the lease or the epoch is another: nothing is told there.
local function mark(KEYS, ARGV)
  local told = read_mark(ARGV, 1)
  for i = 1, #KEYS, 2 do
    local epoch, offset, _, lease = head_of(KEYS[i])
    if (told.token == '' or lease == told.token) and epoch == told.epoch then
      if told.timeMs ~= '' then redis.call('HSET', KEYS[i], 'watermark', told.timeMs, 'watermark_epoch', epoch) end
      if told.isOver then keep_end(KEYS[i + 1], epoch, offset) end
    end
  end
  return { 1 }
end

-- hold: a process takes or keeps the right to run a service.
-- KEYS: holder. ARGV: token of the process, how long it holds (0 gives it up).
-- Returns {1}; or {0, holder} where another process has it.
local function hold(KEYS, ARGV)
  local claim = read_hold(ARGV, 1)
  local holder = redis.call('GET', KEYS[1])
  if holder and holder ~= claim.token then return { 0, holder } end
  keep_for(KEYS[1], claim.token, claim.lifeMs)
  return { 1 }
end
