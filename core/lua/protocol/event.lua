-- Writes an event onto a channel, and reads an event from a log.

-- The configuration of a channel: `bare` (messages are data alone), `log_max` (how many events the log keeps), `keeps_state`,
-- and `latest` (a plain key for the latest data, or '').
local function spec_of(channel)
  local line = redis.call('HGET', keys.declared, channel)
  local envelope, log_max, state, latest = string.match(line or '', '^(%l+) (%d+) ([01]) (.*)$')
  if not envelope then return { log_max = limits.LOG_MAX, keeps_state = true, latest = '' } end
  return { bare = envelope == 'none', log_max = tonumber(log_max), keeps_state = state == '1', latest = latest }
end

-- The name of an attached service that has not read events which `count` more would push out of the log; or nil.
local function held_back_on(channel, count)
  local epoch, offset = head_of(keys.head(channel))
  local log_max = spec_of(channel).log_max
  return held_back_by(keys.log(channel), keys.consumers(channel), log_max, count, epoch, offset)
end

-- An error reply that asks the caller to call again, because a service has not read a log that is full.
local function full(service, channel)
  return redis.error_reply(string.format('FULL %s has not read the log of %s', service, channel))
end

-- An event as one line of CloudEvents JSON.
local function event_text(channel, members, data, epoch, offset, time, now)
  local parts = {
    '{"specversion":"1.0","id":', json(string.format('%s/%d/%d', channel, epoch, offset)), ',"source":',
    json(members.source), ',"type":', json(channel), ',"subject":', json(members.subject), ',"time":', json(time),
    string.format(',"epoch":%d,"offset":%d', epoch, offset),
  }
  local function add(name, text) parts[#parts + 1] = string.format(',"%s":', name) .. text end
  local function carry(name) if members[name] ~= nil then add(name, json(members[name])) end end
  carry('replay')
  add('sent', json(iso(now)))
  carry('datacontenttype')
  carry('dataschema')
  carry('restored')
  carry('atmostonce')
  carry('traceparent')
  carry('tracestate')
  carry('pipeline')
  if members.route and #members.route > 0 then add('route', route_text(members.route)) end
  carry('params')
  carry('attempt')
  local extensions = {}
  for name in pairs(members) do
    if is_extension(name) then extensions[#extensions + 1] = name end
  end
  table.sort(extensions)
  for _, name in ipairs(extensions) do carry(name) end
  parts[#parts + 1] = ',"data":' .. data .. '}'
  return table.concat(parts)
end

-- Publishes an event, and adds it to the log and the state of its channel. It follows the last event of the channel.
-- `members`: source, subject and other members; `data`: JSON text; `epoch`: the epoch of the event from which it was derived:
-- if that is newer than the channel's, it begins on the channel, too; 0: the event was not derived.
-- Returns the position of the event as text.
local function put(channel, members, data, epoch, now)
  local head, spec = keys.head(channel), spec_of(channel)
  local head_epoch, offset = head_of(head)
  epoch = math.max(epoch, head_epoch)
  if epoch == 0 then epoch = first_epoch() end
  offset = epoch > head_epoch and 1 or offset + 1
  local time = members.time or iso(now)
  local event = event_text(channel, members, data, epoch, offset, time, now)
  local position, shown = string.format('%d-%d', epoch, offset), spec.bare and data or event
  -- First, because only this can fail.
  if spec.log_max > 0 then redis.call('XADD', keys.log(channel), 'MAXLEN', '~', spec.log_max, position, 'e', event) end
  redis.call('PUBLISH', keys.messages(channel), shown)
  if head_epoch < epoch then redis.call('DEL', keys.state(channel)) end
  if spec.keeps_state then redis.call('HSET', keys.state(channel), members.subject, event) end
  if spec.latest ~= '' then redis.call('SET', spec.latest, shown) end
  redis.call('HSET', head, 'epoch', epoch, 'offset', offset, 'time', (time_of(time)) or now, 'by', members.source)
  if offset == 1 then redis.call('SADD', keys.channels, channel) end
  return position
end

-- Parses the line of an event. Returns the event without its data, and the data as text, because cjson would change large
-- numbers and empty lists in them; nil if it is not an event. `data` is the last member, and no text before it can contain
-- `,"data":` without escapes.
local function parse_event(text)
  local first, last = string.find(text, ',"data":', 1, true)
  local event = first and decoded(string.sub(text, 1, first - 1) .. '}')
  if type(event) ~= 'table' or type(event.id) ~= 'string' or not is_channel(event.type) or type(event.epoch) ~= 'number'
    or type(event.subject) ~= 'string' or type(event.time) ~= 'string' then return nil end
  for name in pairs(TEXTS) do
    if type(event[name]) ~= 'string' then event[name] = nil end
  end
  for name, value in pairs(event) do
    if is_extension(name) and extension_problem(name, value) then event[name] = nil end
  end
  return event, string.sub(text, last + 1, -2)
end
