-- Events that a service has been given: finding them, finishing them, and keeping what became of them.

-- Reads a field of a hash of the set-up; nil if there is none. While `reprise conformance` tests a service, its own fields
-- come first.
local function set_up(hash, field)
  return redis.call('HGET', keys.examined, field) or redis.call('HGET', hash, field)
end

-- The trace context of the events that a service derives from an event; nil if the event has none. The id of the span is the
-- same at every attempt. core/wire/trace.ts has the same rule.
local function traced(traceparent, service, id)
  local trace, parent, is_sampled = trace_context(traceparent)
  if not trace then return nil end
  local span = string.sub(redis.sha1hex(service .. ' ' .. id), 1, 16)
  return { text = trace_text(trace, span, is_sampled), trace = trace, span = span, parent = parent, is_sampled = is_sampled }
end

-- Finds an event that a service has read and not finished.
-- Returns { text, idle, event, problem }: its line, ms since it was read, and the event, or the reason why it is not valid.
-- Returns nil if it is finished; nil and an error reply if the call is not valid.
local function pending(service, channel, id)
  if not is_channel(channel) then return nil, refused('%s is not a valid channel name', json(channel)) end
  if not string.find(id, '^%d+%-%d+$') then return nil, refused('the id must be that of the entry in the log, such as 1-42') end
  local log = keys.log(channel)
  local found = redis.pcall('XPENDING', log, service, id, id, 1)
  if found.err then
    return nil, refused('there is no group: XGROUP CREATE %s %s 0 MKSTREAM (Redis says %s)', log, service, found.err)
  end
  if #found == 0 then return nil end
  local given = { idle = found[1][3] }
  local entry = redis.call('XRANGE', log, id, id)[1]
  if not entry then
    given.text, given.problem = '', string.format('event %s has left the log of %s', id, channel)
    return given
  end
  given.text = entry[2][2] or ''
  given.event = parse_event(given.text)
  if not given.event then
    given.problem = string.format('entry %s of %s is not a valid event', id, channel)
  elseif given.event.route then
    given.problem = route_problem(given.event.route, 1)
  end
  return given
end

-- How far a consumer group has finished without a gap: up to the event before the oldest one that it has not finished.
local function standing(log, group)
  local oldest = redis.call('XPENDING', log, group)[2]
  if oldest then
    local epoch, offset = position_of(oldest)
    return string.format('%d-%d', epoch, offset - 1)
  end
  for _, fields in ipairs(redis.call('XINFO', 'GROUPS', log)) do
    local facts = {}
    for i = 1, #fields, 2 do facts[fields[i]] = fields[i + 1] end
    if facts.name == group then return facts['last-delivered-id'] end
  end
end

-- Acknowledges an event, stores how far the service is, and counts the outcome: done, retried or failed.
local function acknowledge(service, channel, id, now, outcome)
  local log = keys.log(channel)
  redis.call('XACK', log, service, id)
  local position = string.format('%s %d', standing(log, service), now + limits.ATTACHED_MS)
  redis.call('HSET', keys.consumers(channel), service, position)
  redis.call('HINCRBY', keys.tally(service), outcome, 1)
end

-- Stores what a service did with an event, if its trace is sampled. `trace`: from `traced`; `given`: from `pending`; `status`
-- and `reason`: members of the Hop; `derived`: the ids of the derived events.
local function note_hop(trace, service, given, now, status, reason, derived)
  if not trace or not trace.is_sampled then return end
  local event = given.event
  keep_hop(trace.trace, json({
    trace = trace.trace, span = trace.span, parent = trace.parent, service = service, pipeline = event.pipeline,
    channel = event.type, event = event.id, created = event.time, sent = event.sent, received = iso(now - given.idle),
    finished = iso(now), status = status, reason = reason, attempt = event.attempt, to = derived and derived[1] and derived,
  }))
end

-- Stores a dead letter. `text`: the event that could not be handled, as it was in the log.
local function bury(channel, source, reason, text, replay, now)
  redis.call('XADD', keys.deadLetters, 'MAXLEN', '~', limits.DEAD_LETTERS_MAX, '*', 'd', json({
    at = iso(now), channel = channel, source = source, reason = reason, content = text, replay = replay,
  }))
end
