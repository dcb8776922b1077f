-- How a service finishes an event that it has read from the log of a channel with XREADGROUP.

-- reprise_done: writes the derived data to the next channels of the event's route, or to the output if it has none; and
-- acknowledges the event.
-- KEYS: none. ARGV: service, channel, id of the entry, output ('' for none); then any number of data, each a JSON object.
-- Returns 1; or 0 if the event was already finished: then nothing is written. REFUSED if the call or the event is not valid;
-- FULL if a service has not read a log that is full.
local function done(_, ARGV)
  local service, channel, id, output = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
  if not output then return refused('it takes service, channel, id, output and any number of data') end
  if output ~= '' and not is_channel(output) then return refused('%s is not a valid channel name', json(output)) end
  for i = 5, #ARGV do
    local problem = object_problem(ARGV[i])
    if problem then return refused('the derived data %s', problem) end
  end
  local given, refusal = pending(service, channel, id)
  if not given then return refusal or 0 end
  if given.problem then return refused('%s', given.problem) end
  local now, event = now_ms(), given.event
  local trace = traced(event.traceparent, service, event.id)
  local targets = next_hops(event.route or {})
  if #targets == 0 and output ~= '' then targets = { { channel = output } } end
  for _, target in ipairs(targets) do
    local consumer = #ARGV > 4 and held_back_on(target.channel, #ARGV - 4)
    if consumer then return full(consumer, target.channel) end
  end
  local derived = {}
  for i = 5, #ARGV do
    for _, target in ipairs(targets) do
      local position = put(target.channel, {
        source = '/services/' .. service, subject = event.subject, time = event.time, replay = event.replay,
        restored = event.restored, traceparent = trace and trace.text, pipeline = event.pipeline, route = target.route,
        params = event.params,
      }, ARGV[i], event.epoch, now)
      if #derived < limits.HOP_OUTPUTS_MAX then
        derived[#derived + 1] = string.gsub(target.channel .. '/' .. position, '%-(%d+)$', '/%1')
      end
    end
  end
  finish(service, channel, id, now, 'done')
  note_hop(trace, service, given, now, 'finished', nil, derived)
  return 1
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
    finish(service, channel, id, now, 'retried')
    note_hop(trace, service, given, now, 'retried', reason)
    return 'retry'
  end
  bury(channel, '/services/' .. service, reason, given.text, event.replay, now)
  finish(service, channel, id, now, 'failed')
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
