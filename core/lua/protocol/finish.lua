-- How a service finishes an event that it has read from the log of a channel with XREADGROUP.

-- The channels that the results of an event go to: along its route, or to `output` if it has none ('' for nowhere).
local function targets_of(event, output)
  local targets = next_hops(event.route or {})
  if #targets == 0 and output ~= '' then targets = { { channel = output } } end
  return targets
end

-- Writes the results of an event and acknowledges it, or does neither. `results`: a list of { targets, data, members }; `value`
-- of a result: its data, parsed.
-- Returns 1, or an error reply.
local function complete(service, channel, id, given, results)
  local now, event, counts = now_ms(), given.event, {}
  for _, result in ipairs(results) do
    for _, target in ipairs(result.targets) do
      local problem = data_problem(target.channel, result.value)
      if problem then return refused('the derived data do not match the schema of %s: %s', target.channel, problem) end
      counts[target.channel] = (counts[target.channel] or 0) + 1
    end
  end
  for name, count in pairs(counts) do
    local consumer = held_back_on(name, count)
    if consumer then return full(consumer, name) end
  end
  local trace, derived = traced(event.traceparent, service, event.id), {}
  for _, result in ipairs(results) do
    for _, target in ipairs(result.targets) do
      local own = result.members
      local position = put(target.channel, copy_extensions(event, copy_extensions(own, {
        source = '/services/' .. service, subject = own.subject or event.subject, time = own.time or event.time,
        replay = event.replay, restored = event.restored, traceparent = trace and trace.text,
        tracestate = trace and event.tracestate, pipeline = event.pipeline, route = target.route, params = event.params,
      })), result.data, event.epoch, now)
      if #derived < limits.HOP_OUTPUTS_MAX then
        derived[#derived + 1] = string.gsub(target.channel .. '/' .. position, '%-(%d+)$', '/%1')
      end
    end
  end
  acknowledge(service, channel, id, now, 'done')
  note_hop(trace, service, given, now, 'finished', nil, derived)
  return 1
end

-- reprise_done: writes the derived data to the next channels of the event's route, or to the output if it has none; and
-- acknowledges the event.
-- KEYS: none. ARGV: service, channel, id of the entry, output ('' for none); then any number of data, each a JSON object.
-- Returns 1; or 0 if the event was already finished: then nothing is written. REFUSED if the call or the event is not valid;
-- FULL if a service has not read a log that is full.
local function done(_, ARGV)
  local service, channel, id, output = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
  if not output then return refused('it takes service, channel, id, output and any number of data') end
  if output ~= '' and not is_channel(output) then return refused('%s is not a valid channel name', json(output)) end
  local results = {}
  for i = 5, #ARGV do
    local problem, value = object_problem(ARGV[i])
    if problem then return refused('the derived data %s', problem) end
    results[#results + 1] = { data = ARGV[i], value = value, members = {} }
  end
  local given, refusal = pending(service, channel, id)
  if not given then return refusal or 0 end
  if given.problem then return refused('%s', given.problem) end
  local targets = targets_of(given.event, output)
  for _, result in ipairs(results) do result.targets = targets end
  return complete(service, channel, id, given, results)
end

-- The members of one result: subject, time and extensions. Returns them, or nil and the error.
local function result_members(text)
  if text == '' then return {} end
  local problem, members = object_problem(text)
  if problem then return nil, 'the members ' .. problem end
  local subject = members.subject
  members.subject = nil
  problem = members_problem(members)
  for name in pairs(members) do
    if not problem and name ~= 'time' and not is_extension(name) then
      problem = string.format('%s is not a member that a result can have', json(name))
    end
  end
  if problem then return nil, problem end
  if subject == cjson.null then subject = nil end
  if subject and (type(subject) ~= 'string' or #subject > limits.SUBJECT_MAX_BYTES) then
    return nil, string.format('the subject must be text of at most %d bytes', limits.SUBJECT_MAX_BYTES)
  end
  members.subject = subject
  return members
end

-- reprise_finish: writes each result to a channel of its own, and acknowledges the event, all in one step.
-- KEYS: none. ARGV: service, channel, id of the entry; then for each result three: the channel ('' for the next channels of the
-- event's route), the data (a JSON object), and members (a JSON object of subject, time and extensions; or '').
-- Returns what reprise_done returns.
local function finish(_, ARGV)
  local service, channel, id, results = ARGV[1], ARGV[2], ARGV[3], {}
  if not id or #ARGV % 3 ~= 0 then return refused('it takes service, channel, id, and for each result channel, data and members') end
  for i = 4, #ARGV, 3 do
    local output = ARGV[i]
    if output ~= '' and not is_channel(output) then return refused('%s is not a valid channel name', json(output)) end
    local problem, value = object_problem(ARGV[i + 1])
    if problem then return refused('the derived data %s', problem) end
    local members, wrong = result_members(ARGV[i + 2])
    if not members then return refused('%s', wrong) end
    results[#results + 1] = { output = output, data = ARGV[i + 1], value = value, members = members }
  end
  local given, refusal = pending(service, channel, id)
  if not given then return refusal or 0 end
  if given.problem then return refused('%s', given.problem) end
  for _, result in ipairs(results) do
    result.targets = result.output == '' and targets_of(given.event, '') or { { channel = result.output } }
  end
  return complete(service, channel, id, given, results)
end

-- reprise_fail: tells that the service could not handle an event. The event comes again on its channel, with growing delays,
-- as often as the pipeline says. After that it is a dead letter.
-- KEYS: none. ARGV: service, channel, id of the entry, reason.
-- Returns 'retry' or 'dead'; or 0 if the event was already finished. REFUSED if the call is not valid.
local function fail(_, ARGV)
  local service, channel, id, reason = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
  if not reason then return refused('it takes service, channel, id and reason') end
  local given, refusal = pending(service, channel, id)
  if not given then return refusal or 0 end
  local now, event = now_ms(), given.event or {}
  local retries, backoff_ms = string.match(set_up(keys.retryPolicy, channel) or '', '^(%d+) (%d+)$')
  local attempt = event.attempt or 1
  local trace = traced(event.traceparent, service, event.id)
  reason = string.sub(given.problem or reason, 1, limits.REASON_MAX_BYTES)
  if not given.problem and attempt <= tonumber(retries or 0) then
    local wait_ms = math.min(tonumber(backoff_ms) * 2 ^ (attempt - 1), limits.BACKOFF_MAX_MS)
    redis.call('ZADD', keys.retries, now + wait_ms, given.text)
    acknowledge(service, channel, id, now, 'retried')
    note_hop(trace, service, given, now, 'retried', reason)
    return 'retry'
  end
  bury(channel, '/services/' .. service, reason, given.text, event.replay, now)
  acknowledge(service, channel, id, now, 'failed')
  note_hop(trace, service, given, now, 'failed', reason)
  return 'dead'
end

-- reprise_retry: puts failed events that are due back onto their channels. An event of an epoch that is over is dropped. An
-- event whose channel is full waits.
-- KEYS: none. ARGV: how many events at most (default: RETRIES_AT_ONCE).
-- Returns how many events were put back or dropped. REFUSED if the call is not valid.
local function retry(_, ARGV)
  local now, limit, count = now_ms(), tonumber(ARGV[1] or limits.RETRIES_AT_ONCE), 0
  if not limit then return refused('the limit must be a number') end
  local due = redis.call('ZRANGE', keys.retries, '-inf', now, 'BYSCORE', 'LIMIT', 0, limit)
  for _, text in ipairs(due) do
    local event, data = parse_event(text)
    if not event then
      bury('', '/retry', 'it is not a valid event', text, nil, now)
    elseif held_back_on(event.type, 1) then
      data = nil
    elseif head_of(keys.head(event.type)) <= event.epoch then
      event.attempt = (event.attempt or 1) + 1
      put(event.type, event, data, event.epoch, now)
    end
    if data or not event then
      redis.call('ZREM', keys.retries, text)
      count = count + 1
    end
  end
  return count
end
