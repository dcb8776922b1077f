-- The rights to write on a channel and to run a service. core/writing/lease.ts and the analysis call these functions.

-- begin: takes channels for a replay, opens the same new epoch on all of them, and clears their state.
-- KEYS: the starts of replays; owner, head and state of each channel.
-- ARGV: as in core/lua/functions.ts. The epoch is newer than `lastEpoch`, even if Redis has lost its data.
-- Returns {1, epoch}; or {-1, channel, holder} if another replay has one: then no channel is taken.
local function begin(KEYS, ARGV)
  local start = read_begin(ARGV, 1)
  local newest = 0
  for i = 2, #KEYS, 3 do
    local holder = redis.call('GET', KEYS[i])
    if holder and holder ~= start.token then return { -1, ARGV[start.channelsFirst + (i - 2) / 3], holder } end
    newest = math.max(newest, (head_of(KEYS[i + 1])))
  end
  local epoch = newest == 0 and first_epoch() or newest + 1
  epoch = math.max(epoch, start.lastEpoch + 1)
  for i = 2, #KEYS, 3 do
    redis.call('SET', KEYS[i], start.token, 'PX', start.leaseMs)
    redis.call('HSET', KEYS[i + 1], 'epoch', epoch, 'offset', 0, 'by', start.token, 'own', 0, 'lease', start.token)
    redis.call('DEL', KEYS[i + 2])
    redis.call('SADD', keys.channels, ARGV[start.channelsFirst + (i - 2) / 3])
  end
  redis.call('HSET', KEYS[1], start.replay, string.format('%d %s', epoch, start.about))
  return { 1, epoch }
end

-- resume: takes over the channels of a replay whose process is gone, in the same epoch.
-- KEYS: owner and head of each channel. ARGV: as in core/lua/functions.ts.
-- Returns {1, ...}: for each channel its offset, and how many events of the epoch came from this replay; {0} if another epoch
-- has begun; {-1, holder} if another replay has one of the channels: then none is taken.
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

-- Sets a key that expires after `life_ms`; 0 deletes it.
local function keep_for(key, token, life_ms)
  if life_ms == 0 then redis.call('DEL', key) else redis.call('SET', key, token, 'PX', life_ms) end
end

-- renew: renews the lease of channels, or gives it up. A lease that has expired is renewed, too, unless another one has taken
-- the channel.
-- KEYS: owner and head of each channel. ARGV: as in core/lua/functions.ts.
-- Returns {1}; or {-1, n, holder} if another lease has taken the n-th channel.
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

-- Stores the offset at which an epoch ended, in the hash `ends`.
local function keep_end(ends, epoch, offset)
  local epochs = redis.call('HKEYS', ends)
  if #epochs >= limits.ENDS_MAX then
    table.sort(epochs, function(a, b) return tonumber(a) < tonumber(b) end)
    redis.call('HDEL', ends, unpack(epochs, 1, limits.ENDS_DROPPED))
  end
  redis.call('HSET', ends, epoch, offset)
end

-- mark: tells how far a replay has come on channels without new events, and that an epoch is over. So services need not wait
-- for an event that may never come. A service calls it to tell that its output is over. Call it once all events before have
-- been written.
-- KEYS: head and ends of each channel. ARGV: as in core/lua/functions.ts.
-- Returns {1}. Channels with another lease or another epoch are left alone.
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

-- hold: takes or renews the right of a process to run a service, or gives it up.
-- KEYS: holder. ARGV: as in core/lua/functions.ts; the token is that of the process.
-- Returns {1}; or {0, holder} if another process has the right.
local function hold(KEYS, ARGV)
  local claim = read_hold(ARGV, 1)
  local holder = redis.call('GET', KEYS[1])
  if holder and holder ~= claim.token then return { 0, holder } end
  keep_for(KEYS[1], claim.token, claim.lifeMs)
  return { 1 }
end
