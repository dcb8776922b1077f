-- Channels as a whole: how many there may be, and how one is deleted. core/channels/ calls these functions.

-- enter: makes room for channels before anything is written to them.
-- KEYS: none. ARGV: as in core/lua/functions.ts. The channels of the configuration count whether they exist or not.
-- Returns {1}; or {0, n} if there are n channels and may not be more: then none is added.
local function enter(_, ARGV)
  local asked = read_enter(ARGV, 1)
  local is_declared, count = {}, redis.call('SCARD', keys.channels)
  for i = asked.declaredFirst, asked.declaredLast do
    is_declared[ARGV[i]] = true
    if redis.call('SISMEMBER', keys.channels, ARGV[i]) == 0 then count = count + 1 end
  end
  local new = {}
  for i = asked.channelsFirst, asked.channelsLast do
    if not is_declared[ARGV[i]] and redis.call('SISMEMBER', keys.channels, ARGV[i]) == 0 then new[#new + 1] = ARGV[i] end
  end
  if #new > 0 and count + #new > asked.most then return { 0, count } end
  for _, channel in ipairs(new) do redis.call('SADD', keys.channels, channel) end
  return { 1 }
end

-- forget: deletes a channel, unless a replay has it. Its head stays, with the next epoch: so no position that a client holds
-- is ever true of other events, and readers learn that all before is void.
-- KEYS: head, log, state, consumers, ends, owner. ARGV: as in core/lua/functions.ts.
-- Returns {1, existed}, where `existed` is 0 if there was nothing to delete; or {-1, holder} if a replay has the channel.
local function forget(KEYS, ARGV)
  local head, log, state, consumers, ends, owner = unpack(KEYS)
  local asked = read_forget(ARGV, 1)
  local holder = redis.call('GET', owner)
  if holder then return { -1, holder } end
  local existed = redis.call('SREM', keys.channels, asked.channel)
  local epoch = head_of(head)
  for _, service in ipairs(redis.call('HKEYS', consumers)) do
    redis.call('HDEL', keys.checkpoint(service), '@' .. asked.channel)
  end
  redis.call('DEL', head, log, state, consumers, ends)
  if asked.latest ~= '' then redis.call('DEL', asked.latest) end
  -- No lease of before is renewed: a replay that wakes up late must not write.
  if epoch > 0 then redis.call('HSET', head, 'epoch', epoch + 1, 'offset', 0, 'lease', 'deleted') end
  return { 1, existed }
end
