-- Writes an event that begins a sampled trace, and records that. Returns its position.
local function send_traced(channel, members, data)
  local now, epoch, offset = now_ms(), head_of(keys.head(channel))
  -- No two events have the same place at the same time.
  local digits = redis.sha1hex(string.format('%s %d-%d %d', channel, epoch, offset, now))
  local trace, span = string.sub(digits, 1, 32), string.sub(digits, -16)
  members.traceparent = trace_text(trace, span, true)
  local position = put(channel, members, data, 0, now)
  local id, at = string.gsub(channel .. '/' .. position, '%-(%d+)$', '/%1'), iso(now)
  keep_hop(trace, json({
    trace = trace, span = span, service = 'send', pipeline = members.pipeline, channel = channel, event = id,
    created = members.time or at, sent = at, received = at, finished = at, status = 'sent', to = { id },
  }))
  return position
end

-- reprise_send: writes an event.
-- KEYS: none. ARGV: channel, subject, data (a JSON object); optionally members (a JSON object): time, source, traceparent (`new`
-- begins a sampled trace), tracestate, pipeline, route, params, replay, and extensions.
-- Returns the position of the event; REFUSED if the event is not valid; FULL if a service has not read a log that is full.
local function send(_, ARGV)
  local channel, subject, data = ARGV[1], ARGV[2], ARGV[3]
  if not data then return refused('it takes channel, subject, data and members') end
  if not is_channel(channel) then
    return refused('a channel name has at most %d letters, digits, dots, colons, dashes and underscores, and does not begin with %s',
      limits.CHANNEL_NAME_MAX, keys.ownPrefix)
  end
  if #subject > limits.SUBJECT_MAX_BYTES or not is_utf8(subject) then
    return refused('the subject must be UTF-8 of at most %d bytes', limits.SUBJECT_MAX_BYTES)
  end
  local problem, value = object_problem(data)
  if problem then return refused('the data %s', problem) end
  problem = data_problem(channel, value)
  if problem then return refused('the data do not match the schema of %s: %s', channel, problem) end
  local members = {}
  if ARGV[4] then
    problem = object_problem(ARGV[4])
    if problem then return refused('the members %s', problem) end
    members = decoded(ARGV[4])
    problem = members_problem(members)
    if problem then return refused('%s', problem) end
  end
  local service = held_back_on(channel, 1)
  if service then return full(service, channel) end
  members.subject, members.source = subject, members.source or '/send'
  if members.traceparent == 'new' then return send_traced(channel, members, data) end
  return put(channel, members, data, 0, now_ms())
end
