-- Keeps a service attached to its inputs, so that writers do not push events out of a log which it has not read.
local function stay_attached(service, inputs, now)
  for _, channel in ipairs(inputs) do
    local consumers = keys.consumers(channel)
    local position = redis.call('HGET', consumers, service)
    if position then
      local epoch, offset = position_of(position)
      redis.call('HSET', consumers, service, string.format('%d-%d %d', epoch, offset, now + limits.ATTACHED_MS))
    end
  end
end

-- reprise_alive: the heartbeat of an instance, once a second.
-- KEYS: none. ARGV: service, instance; optionally facts (a JSON object) that are shown to people: version, inputs, outputs,
-- message, and state: "failed", or "stopped" from an instance that ends, which then leaves the list at once.
-- Returns how the service is set up: {"state":"running"|"stopped","params":{...}}. REFUSED if the call is not valid.
local function alive(_, ARGV)
  local service, instance = ARGV[1], ARGV[2]
  if not instance then return refused('it takes service, instance and facts') end
  local facts = {}
  if ARGV[3] then
    local problem = object_problem(ARGV[3])
    if problem then return refused('the facts %s', problem) end
    facts = decoded(ARGV[3])
  end
  local now = now_ms()
  local setup = set_up(keys.outside, service) or '{"state":"running","params":{}}'
  local state = facts.state or (decoded(setup) or {}).state or 'running'
  if state ~= 'running' and state ~= 'stopped' and state ~= 'failed' then
    return refused('state must be running, stopped or failed')
  end
  local document = { name = service, role = 'service', instance = service .. '/' .. instance, seen = iso(now), state = state }
  for _, name in ipairs({ 'version', 'message' }) do
    if type(facts[name]) == 'string' then document[name] = facts[name] end
  end
  for _, name in ipairs({ 'inputs', 'outputs' }) do
    local channels = facts[name]
    if channels ~= nil then
      local problem = type(channels) ~= 'table'
      for index, channel in pairs(problem and {} or channels) do
        problem = problem or type(index) ~= 'number' or not is_channel(channel)
      end
      if problem then return refused('%s must be a list of channels', name) end
      document[name] = channels[1] and channels
    end
  end
  local text = json(document)
  if facts.state == 'stopped' then
    redis.call('HDEL', keys.services, document.instance)
  else
    redis.call('HSET', keys.services, document.instance, text)
  end
  redis.call('PUBLISH', keys.status, text)
  if state == 'running' then stay_attached(service, document.inputs or {}, now) end
  return setup
end
