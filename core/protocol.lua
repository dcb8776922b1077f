#!lua name=reprise
-- What services in any language call; docs/protocol.md is the contract. Each call is atomic, and checks all it was told
-- before the first write. Keys are computed from channels: these functions are for one Redis, not for a cluster.

local LOG_MAX = 100000
local DEAD_LETTERS_MAX = 10000
local TRACES_MAX = 100000

local function now_ms()
  local now = redis.call('TIME')
  return tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000)
end

-- ISO 8601 in UTC. Days to a date: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
local function iso(ms)
  local days, ms_of_day = math.floor(ms / 86400000), ms % 86400000
  local z = days + 719468
  local era = math.floor(z / 146097)
  local doe = z - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153)
  local day = doy - math.floor((153 * mp + 2) / 5) + 1
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  return string.format('%04d-%02d-%02dT%02d:%02d:%02d.%03dZ', year, month, day, math.floor(ms_of_day / 3600000),
    math.floor(ms_of_day / 60000) % 60, math.floor(ms_of_day / 1000) % 60, ms_of_day % 1000)
end

local function json(value)
  return (string.gsub(cjson.encode(value), '\\/', '/'))
end

local function refused(text)
  return redis.error_reply('REFUSED ' .. text)
end

local function is_object(text)
  local ok, value = pcall(cjson.decode, text)
  return ok and type(value) == 'table' and string.match(text, '^%s*{') ~= nil
end

-- Publishes, logs and keeps as state one event after the last of its channel. `members`: source, subject, and what else of
-- replay, time, traceparent, pipeline, route, params, attempt is to travel along. Returns its position.
local function put(channel, members, data, now)
  local head_key = 'reprise:head:' .. channel
  local head = redis.call('HMGET', head_key, 'epoch', 'offset')
  local epoch, offset = math.max(1, tonumber(head[1] or 0)), tonumber(head[2] or 0) + 1
  local parts = {
    '{"specversion":"1.0","id":', json(string.format('%s/%d/%d', channel, epoch, offset)), ',"source":',
    json(members.source), ',"type":', json(channel), ',"subject":', json(members.subject), ',"time":',
    json(members.time or iso(now)), string.format(',"epoch":%d,"offset":%d', epoch, offset),
  }
  local function add(name, value)
    if value ~= nil then parts[#parts + 1] = string.format(',"%s":', name) .. json(value) end
  end
  add('replay', members.replay)
  add('sent', iso(now))
  add('traceparent', members.traceparent)
  add('pipeline', members.pipeline)
  if members.route and #members.route > 0 then add('route', members.route) end
  add('params', members.params)
  add('attempt', members.attempt)
  parts[#parts + 1] = ',"data":' .. data .. '}'
  local event = table.concat(parts)
  redis.call('XADD', 'reprise:log:' .. channel, 'MAXLEN', '~', LOG_MAX, string.format('%d-%d', epoch, offset), 'e', event)
  redis.call('PUBLISH', channel, event)
  redis.call('HSET', 'reprise:state:' .. channel, members.subject, event)
  redis.call('HSET', head_key, 'epoch', epoch, 'offset', offset, 'time', now, 'by', members.source)
  redis.call('SADD', 'reprise:channels', channel)
  return string.format('%d-%d', epoch, offset)
end

-- Where an event goes next: { channel, the route from there }. A branch of a route goes to the first step of each.
local function hops(route)
  if type(route) ~= 'table' or #route == 0 then return {} end
  local next, rest = route[1], { unpack(route, 2) }
  if type(next) == 'string' then return { { next, rest } } end
  local found = {}
  for i, branch in ipairs(next) do
    local beyond = { unpack(branch, 2) }
    for _, step in ipairs(rest) do beyond[#beyond + 1] = step end
    found[i] = { branch[1], beyond }
  end
  return found
end

-- The traceparent of what a service derives from an event: its span has the same id however often it is tried.
local function traced(traceparent, service, id)
  local version, trace, parent, flags = string.match(traceparent or '', '^(%x%x)%-(%x+)%-(%x+)%-(%x%x)$')
  if not trace or #trace ~= 32 or #parent ~= 16 then return nil end
  local span = string.sub(redis.sha1hex(service .. ' ' .. id), 1, 16)
  return { text = string.format('%s-%s-%s-%s', version, trace, span, flags), trace = trace, span = span, parent = parent,
    sampled = tonumber(flags, 16) % 2 == 1 }
end

-- Notes a service's way with an event, where its trace is sampled.
local function note(trace, service, event, received, now, status, reason)
  if not trace or not trace.sampled then return end
  redis.call('XADD', 'reprise:traces', 'MAXLEN', '~', TRACES_MAX, '*', 't', trace.trace, 'd', json({
    trace = trace.trace, span = trace.span, parent = trace.parent, service = service, pipeline = event.pipeline,
    channel = event.type, event = event.id, created = event.time, sent = event.sent, received = iso(received),
    finished = iso(now), status = status, reason = reason,
  }))
end

-- What a service has been given and not yet finished: the event, its text, since when. Nil: it is finished; or an error.
local function pending(service, channel, id)
  local log = 'reprise:log:' .. channel
  local ok, found = pcall(redis.call, 'XPENDING', log, service, id, id, 1)
  if not ok or found.err then return nil, refused(string.format('no group "%s" on %s', service, log)) end
  if #found == 0 then return nil end
  local entry = redis.call('XRANGE', log, id, id)[1]
  if not entry then return nil, refused(string.format('event %s has left the log of %s', id, channel)) end
  local text = entry[2][2]
  return { event = cjson.decode(text), text = text, idle = tonumber(found[1][3]) }
end

local function finish(service, channel, id, now, outcome)
  redis.call('XACK', 'reprise:log:' .. channel, service, id)
  redis.call('HSET', 'reprise:consumers:' .. channel, service, string.format('%s %d', id, now + 30000))
  redis.call('HINCRBY', 'reprise:tally:' .. service, outcome, 1)
end

-- reprise_send 0 channel subject data [members]: writes an event. `data`: a JSON object. `members`: JSON object of what else it
-- has: time, source, traceparent, pipeline, route, params. Returns its position.
local function send(_, args)
  local channel, subject, data = args[1], args[2], args[3]
  if not (channel and string.match(channel, '^%w[%w._:%-]*$')) or string.match(channel, '^reprise:') then
    return refused('the channel must be of letters, digits, dot, colon, dash and underscore')
  end
  if not subject then return refused('the subject is missing') end
  if not (data and is_object(data)) then return refused('the data must be a JSON object') end
  local members = {}
  if args[4] then
    if not is_object(args[4]) then return refused('the members must be a JSON object') end
    members = cjson.decode(args[4])
  end
  members.subject, members.source = subject, members.source or '/send'
  return put(channel, members, data, now_ms())
end

-- reprise_done 0 service channel id output [data...]: finishes an event that the service had read from the channel's log with
-- XREADGROUP: what it derived goes where the event's route says, else onto `output` ('': nowhere), and the event is
-- acknowledged. Returns 1, or 0 where it was finished before: then nothing is written.
local function done(_, args)
  local service, channel, id, output = args[1], args[2], args[3], args[4]
  if not output then return refused('it takes service, channel, id, output and any number of data') end
  for i = 5, #args do
    if not is_object(args[i]) then return refused('what is derived must be a JSON object each') end
  end
  local given, problem = pending(service, channel, id)
  if not given then return problem or 0 end
  local now, event = now_ms(), given.event
  local trace = traced(event.traceparent, service, event.id)
  local targets = hops(event.route)
  if #targets == 0 and output ~= '' then targets = { { output, {} } } end
  for i = 5, #args do
    for _, target in ipairs(targets) do
      put(target[1], {
        source = '/services/' .. service, subject = event.subject, time = event.time, replay = event.replay,
        traceparent = trace and trace.text, pipeline = event.pipeline, route = target[2], params = event.params,
      }, args[i], now)
    end
  end
  finish(service, channel, id, now, 'done')
  note(trace, service, event, now - given.idle, now, 'finished')
  return 1
end

-- reprise_fail 0 service channel id reason: the service could not do it. The event comes again on its channel, later each
-- time, as often as the pipeline says; then it goes to the dead letters. Returns 'retry' or 'dead', or 0 as above.
local function fail(_, args)
  local service, channel, id, reason = args[1], args[2], args[3], args[4]
  if not reason then return refused('it takes service, channel, id and reason') end
  local given, problem = pending(service, channel, id)
  if not given then return problem or 0 end
  local now, event = now_ms(), given.event
  local policy = redis.call('HGET', 'reprise:retrypolicy', channel) or '0 0'
  local retries, backoff_ms = string.match(policy, '^(%d+) (%d+)$')
  local attempt = event.attempt or 1
  local trace = traced(event.traceparent, service, event.id)
  if attempt <= tonumber(retries) then
    redis.call('ZADD', 'reprise:retries', now + tonumber(backoff_ms) * 2 ^ (attempt - 1), given.text)
    finish(service, channel, id, now, 'retried')
    note(trace, service, event, now - given.idle, now, 'retried', reason)
    return 'retry'
  end
  redis.call('XADD', 'reprise:deadletters', 'MAXLEN', '~', DEAD_LETTERS_MAX, '*', 'd', json({
    at = iso(now), channel = channel, source = '/services/' .. service, reason = reason, content = given.text,
  }))
  finish(service, channel, id, now, 'failed')
  note(trace, service, event, now - given.idle, now, 'failed', reason)
  return 'dead'
end

-- reprise_retry 0 limit: puts events whose time has come back onto their channels. Returns how many.
local function retry(_, args)
  local now = now_ms()
  local due = redis.call('ZRANGE', 'reprise:retries', '-inf', now, 'BYSCORE', 'LIMIT', 0, args[1] or 100)
  for _, text in ipairs(due) do
    redis.call('ZREM', 'reprise:retries', text)
    local event = cjson.decode(text)
    event.attempt = (event.attempt or 1) + 1
    -- The data as they are: `data` is the last member, and in no text before it can these characters stand unescaped.
    local _, last = string.find(text, ',"data":', 1, true)
    put(event.type, event, string.sub(text, last + 1, -2), now)
  end
  return #due
end

-- reprise_alive 0 service instance [facts]: a sign of life, once a second. `facts`: JSON object of what people are shown:
-- version, inputs, outputs, message. Returns how the service is set up: {"state":"running"|"stopped","params":{...}}.
local function alive(_, args)
  local service, instance = args[1], args[2]
  if not instance then return refused('it takes service and instance') end
  local facts = {}
  if args[3] then
    if not is_object(args[3]) then return refused('the facts must be a JSON object') end
    facts = cjson.decode(args[3])
  end
  local setup = redis.call('HGET', 'reprise:outside', service) or '{"state":"running","params":{}}'
  local document = { name = service, role = 'service', instance = instance, seen = iso(now_ms()),
    state = cjson.decode(setup).state or 'running', version = facts.version, message = facts.message }
  if facts.inputs and #facts.inputs > 0 then document.inputs = facts.inputs end
  if facts.outputs and #facts.outputs > 0 then document.outputs = facts.outputs end
  local text = json(document)
  redis.call('HSET', 'reprise:services', instance, text)
  redis.call('PUBLISH', 'reprise:status', text)
  return setup
end

redis.register_function('reprise_send', send)
redis.register_function('reprise_done', done)
redis.register_function('reprise_fail', fail)
redis.register_function('reprise_retry', retry)
redis.register_function('reprise_alive', alive)
