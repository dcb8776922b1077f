-- reprise_send: writes an event.
-- KEYS: none. ARGV: channel, subject, data (a JSON object); optionally members (a JSON object): time, source, traceparent,
-- pipeline, route, params, replay.
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
  local problem = object_problem(data)
  if problem then return refused('the data %s', problem) end
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
  return put(channel, members, data, 0, now_ms())
end
