-- What services in any language call; docs/protocol.md is the contract. Each call is atomic, and checks all it was told
-- before the first write. Keys are computed from channels: these functions are for one Redis, not for a cluster.
-- protocol-text.lua stands before it.

local LOG_MAX = 100000
local DEAD_LETTERS_MAX = 10000
local TRACES_MAX, INDEX_MIN, INDEX_MAX = 100000, 600, 800
local ATTACHED_MS = 30000
local BACKOFF_MAX_MS = 3600000
local SUBJECT_MAX = 1024
local REASON_MAX = 2000
local HOP_TO_MAX = 100
local LOGS_MAX = 100000
local SERIES_MAX, OVERFLOW_MAX, LABELS_MAX, LABEL_MAX = 500, 600, 8, 128
local BOUNDS = { 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000 }
local LEVELS = { debug = true, info = true, warn = true, error = true, critical = true }

-- What the set-up says of a field of one of its hashes, unless an examination of a service says otherwise; or nil.
local function set_up(hash, field)
  return redis.call('HGET', 'reprise:examined', field) or redis.call('HGET', hash, field)
end

-- Channels ------------------------------------------------------------------------------------------------------------

-- How a channel is declared, as its line in reprise:declared says: `<envelope> <events in the log> <state, 1/0> <latest key>`.
local function spec_of(channel)
  local line = redis.call('HGET', 'reprise:declared', channel)
  local envelope, log_max, state, latest = string.match(line or '', '^(%l+) (%d+) ([01]) (.*)$')
  if not envelope then return { log_max = LOG_MAX, keeps_state = true, latest = '' } end
  return { bare = envelope == 'none', log_max = tonumber(log_max), keeps_state = state == '1', latest = latest }
end

local function position_of(text)
  local epoch, offset = string.match(text or '', '^(%d+)%-(%d+)')
  return tonumber(epoch or 0), tonumber(offset or 0)
end

local function is_before(a_epoch, a_offset, b_epoch, b_offset)
  return a_epoch < b_epoch or (a_epoch == b_epoch and a_offset < b_offset)
end

-- The attached consumer whose unread events so many more would push out of a log, or nil.
local function held_back_by(channel, count, now)
  local log, log_max = 'reprise:log:' .. channel, spec_of(channel).log_max
  if log_max == 0 then return nil end
  local length = redis.call('XLEN', log)
  if length + count <= log_max then return nil end
  local last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
  local last_epoch, last_offset = position_of(last and last[1])
  local consumers = redis.call('HGETALL', 'reprise:consumers:' .. channel)
  for i = 1, #consumers, 2 do
    local epoch, offset = position_of(consumers[i + 1])
    local deadline = tonumber(string.match(consumers[i + 1], ' (%d+)$') or 0)
    local unread = epoch == last_epoch and last_offset - offset or length
    if deadline > now and is_before(epoch, offset, last_epoch, last_offset) and unread + count > log_max then
      return consumers[i]
    end
  end
end

-- Publishes, logs and keeps as state one event after the last of its channel, in its epoch or a newer one. `members`: source,
-- subject, and what else is to travel along. Returns its position.
local function put(channel, members, data, epoch, now)
  local head_key, spec = 'reprise:head:' .. channel, spec_of(channel)
  local head = redis.call('HMGET', head_key, 'epoch', 'offset')
  local head_epoch, offset = tonumber(head[1] or 0), tonumber(head[2] or 0) + 1
  epoch = math.max(1, epoch)
  if head_epoch < epoch then offset = 1 else epoch = head_epoch end
  local time = members.time or iso(now)
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
  carry('pipeline')
  if members.route and #members.route > 0 then add('route', route_text(members.route)) end
  carry('params')
  carry('attempt')
  parts[#parts + 1] = ',"data":' .. data .. '}'
  local event, position = table.concat(parts), string.format('%d-%d', epoch, offset)
  -- First, as this is what could fail.
  if spec.log_max > 0 then
    redis.call('XADD', 'reprise:log:' .. channel, 'MAXLEN', '~', spec.log_max, position, 'e', event)
  end
  redis.call('PUBLISH', channel, spec.bare and data or event)
  if head_epoch < epoch then redis.call('DEL', 'reprise:state:' .. channel) end
  if spec.keeps_state then redis.call('HSET', 'reprise:state:' .. channel, members.subject, event) end
  if spec.latest ~= '' then redis.call('SET', spec.latest, spec.bare and data or event) end
  redis.call('HSET', head_key, 'epoch', epoch, 'offset', offset, 'time', (time_of(time)) or now, 'by', members.source)
  if offset == 1 then redis.call('SADD', 'reprise:channels', channel) end
  return position
end

-- Services ------------------------------------------------------------------------------------------------------------

-- The traceparent of what a service derives from an event: its span has the same id however often it is tried.
local function traced(traceparent, service, id)
  local version, trace, parent, flags =
    string.match(traceparent or '', '^([%da-f][%da-f])%-([%da-f]+)%-([%da-f]+)%-([%da-f][%da-f])$')
  if not trace or #trace ~= 32 or #parent ~= 16 then return nil end
  if not string.find(trace, '[^0]') or not string.find(parent, '[^0]') then return nil end
  local span = string.sub(redis.sha1hex(service .. ' ' .. id), 1, 16)
  return { text = string.format('%s-%s-%s-%s', version, trace, span, flags), trace = trace, span = span, parent = parent,
    sampled = tonumber(flags, 16) % 2 == 1 }
end

-- An event as it stands in a log, without its data, and those as text: they may be more than cjson can hold. `data` is the
-- last member, and in no text before it can these characters stand unescaped. Nil where it is none.
local function read(text)
  local first, last = string.find(text, ',"data":', 1, true)
  local event = first and decoded(string.sub(text, 1, first - 1) .. '}')
  if type(event) ~= 'table' or type(event.id) ~= 'string' or not is_channel(event.type) or type(event.epoch) ~= 'number'
    or type(event.subject) ~= 'string' or type(event.time) ~= 'string' then return nil end
  for name in pairs(TEXTS) do
    if type(event[name]) ~= 'string' then event[name] = nil end
  end
  return event, string.sub(text, last + 1, -2)
end

-- What a service has been given and not yet finished: text, idle (ms), and event, or what is wrong with it. Nil: it is
-- finished; or a refusal.
local function pending(service, channel, id)
  if not is_channel(channel) then return nil, refused('there can be no channel %s', json(channel)) end
  if not string.find(id, '^%d+%-%d+$') then return nil, refused('the id must be that of the log, as 1-42') end
  local log = 'reprise:log:' .. channel
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
  given.event = read(given.text)
  if not given.event then
    given.problem = string.format('entry %s of %s is no event', id, channel)
  elseif given.event.route then
    given.problem = route_problem(given.event.route, 1)
  end
  return given
end

-- How far a group has read without a gap: before the oldest event that it has in hand.
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

local function finish(service, channel, id, now, outcome)
  local log = 'reprise:log:' .. channel
  redis.call('XACK', log, service, id)
  local position = string.format('%s %d', standing(log, service), now + ATTACHED_MS)
  redis.call('HSET', 'reprise:consumers:' .. channel, service, position)
  redis.call('HINCRBY', 'reprise:tally:' .. service, outcome, 1)
end

-- Notes a service's way with an event, where its trace is sampled; `derived`: ids of what came of it. As keep_hop of
-- functions.lua does.
local function note(trace, service, given, now, status, reason, derived)
  if not trace or not trace.sampled then return end
  local event = given.event
  local id = redis.call('XADD', 'reprise:traces', 'MAXLEN', '~', TRACES_MAX, '*', 't', trace.trace, 'd', json({
    trace = trace.trace, span = trace.span, parent = trace.parent, service = service, pipeline = event.pipeline,
    channel = event.type, event = event.id, created = event.time, sent = event.sent, received = iso(now - given.idle),
    finished = iso(now), status = status, reason = reason, attempt = event.attempt, to = derived and derived[1] and derived,
  }))
  local index = 'reprise:trace-index:' .. string.sub(trace.trace, -2)
  if redis.call('RPUSH', index, trace.trace .. id) > INDEX_MAX then redis.call('LTRIM', index, -INDEX_MIN, -1) end
end

local function bury(channel, source, reason, text, replay, now)
  redis.call('XADD', 'reprise:deadletters', 'MAXLEN', '~', DEAD_LETTERS_MAX, '*', 'd', json({
    at = iso(now), channel = channel, source = source, reason = reason, content = text, replay = replay,
  }))
end

-- Metrics -------------------------------------------------------------------------------------------------------------

local function is_service(name)
  return type(name) == 'string' and #name <= 128 and string.find(name, '^%w[%w._#/%-]*$') ~= nil
end

-- The beginning of text, without half a character.
local function cut(text, bytes)
  if #text <= bytes then return text end
  return (string.gsub(string.sub(text, 1, bytes), '[\192-\255]?[\128-\191]*$', ''))
end

-- The fields of a series in reprise:metrics begin with this; or what is wrong. `first`: the last word of one that it has. Where
-- a service has too many series, further ones are told apart by their metric alone, and then not at all: nil.
local function series_of(service, metric, labels, first)
  if not is_service(service) then return nil, 'the service must be letters, digits, dots, slashes and dashes' end
  if not metric or #metric > 64 or not string.find(metric, '^[%a_][%w_]*$') then
    return nil, 'the metric must be at most 64 letters, digits and underscores'
  end
  local problem = object_problem(labels)
  if problem then return nil, 'the labels ' .. problem end
  local names, values = {}, decoded(labels)
  for name, value in pairs(values) do
    if not string.find(name, '^[%a_][%w_]*$') or #name > 64 or name == 'le' or name == 'service' then
      return nil, string.format('%s can\'t be a label', json(name))
    end
    if type(value) == 'table' or value == cjson.null then return nil, string.format('label %s must be text', name) end
    names[#names + 1] = name
  end
  if #names > LABELS_MAX then return nil, string.format('a metric has at most %d labels', LABELS_MAX) end
  table.sort(names)
  for i, name in ipairs(names) do names[i] = json(name) .. ':' .. json(cut(tostring(values[name]), LABEL_MAX)) end
  local key, count = 'reprise:metrics', '#' .. service
  local start = service .. ' ' .. metric .. ' '
  local limit = SERIES_MAX
  for _, text in ipairs({ '{' .. table.concat(names, ',') .. '}', '{"overflow":"true"}' }) do
    local series = start .. text .. ' '
    if redis.call('HEXISTS', key, series .. first) == 1 then return series end
    if tonumber(redis.call('HGET', key, count) or 0) < limit then
      redis.call('HINCRBY', key, count, 1)
      return series
    end
    limit = OVERFLOW_MAX
  end
end

local function is_number(value)
  return value and value == value and math.abs(value) ~= math.huge
end

-- The functions -------------------------------------------------------------------------------------------------------

-- reprise_send 0 channel subject data [members]: writes an event. `data`: a JSON object. `members`: JSON object of what else it
-- has: time, source, traceparent, pipeline, route, params, replay. Returns its position.
local function send(_, args)
  local channel, subject, data = args[1], args[2], args[3]
  if not data then return refused('it takes channel, subject, data and members') end
  if not is_channel(channel) then
    return refused('a channel is at most 128 letters, digits, dots, colons, dashes and underscores, and not one of reprise:')
  end
  if #subject > SUBJECT_MAX or not is_utf8(subject) then
    return refused('the subject must be UTF-8 of at most %d bytes', SUBJECT_MAX)
  end
  local problem = object_problem(data)
  if problem then return refused('the data %s', problem) end
  local members = {}
  if args[4] then
    problem = object_problem(args[4])
    if problem then return refused('the members %s', problem) end
    members = decoded(args[4])
    problem = members_problem(members)
    if problem then return refused('%s', problem) end
  end
  local now = now_ms()
  local consumer = held_back_by(channel, 1, now)
  if consumer then return redis.error_reply(string.format('FULL %s has not read the log of %s', consumer, channel)) end
  members.subject, members.source = subject, members.source or '/send'
  return put(channel, members, data, 1, now)
end

-- reprise_done 0 service channel id output [data...]: finishes an event that the service had read from the channel's log with
-- XREADGROUP: what it derived goes where the event's route says, else onto `output` ('': nowhere), and the event is
-- acknowledged. Returns 1, or 0 where it was finished before: then nothing is written.
local function done(_, args)
  local service, channel, id, output = args[1], args[2], args[3], args[4]
  if not output then return refused('it takes service, channel, id, output and any number of data') end
  if output ~= '' and not is_channel(output) then return refused('%s can\'t be a channel', json(output)) end
  for i = 5, #args do
    local problem = object_problem(args[i])
    if problem then return refused('what is derived %s', problem) end
  end
  local given, refusal = pending(service, channel, id)
  if not given then return refusal or 0 end
  if given.problem then return refused('%s', given.problem) end
  local now, event = now_ms(), given.event
  local trace = traced(event.traceparent, service, event.id)
  local targets = hops(event.route or {})
  if #targets == 0 and output ~= '' then targets = { { channel = output } } end
  for _, target in ipairs(targets) do
    local consumer = #args > 4 and held_back_by(target.channel, #args - 4, now)
    if consumer then
      return redis.error_reply(string.format('FULL %s has not read the log of %s', consumer, target.channel))
    end
  end
  local derived = {}
  for i = 5, #args do
    for _, target in ipairs(targets) do
      local position = put(target.channel, {
        source = '/services/' .. service, subject = event.subject, time = event.time, replay = event.replay,
        restored = event.restored, traceparent = trace and trace.text, pipeline = event.pipeline, route = target.route,
        params = event.params,
      }, args[i], event.epoch, now)
      if #derived < HOP_TO_MAX then
        derived[#derived + 1] = string.gsub(target.channel .. '/' .. position, '%-(%d+)$', '/%1')
      end
    end
  end
  finish(service, channel, id, now, 'done')
  note(trace, service, given, now, 'finished', nil, derived)
  return 1
end

-- reprise_fail 0 service channel id reason: the service could not do it. The event comes again on its channel, later each
-- time, as often as the pipeline says; then it goes to the dead letters. Returns 'retry' or 'dead', or 0 as above.
local function fail(_, args)
  local service, channel, id, reason = args[1], args[2], args[3], args[4]
  if not reason then return refused('it takes service, channel, id and reason') end
  local given, refusal = pending(service, channel, id)
  if not given then return refusal or 0 end
  local now, event = now_ms(), given.event or {}
  local retries, backoff_ms = string.match(set_up('reprise:retrypolicy', channel) or '', '^(%d+) (%d+)$')
  local attempt = event.attempt or 1
  local trace = traced(event.traceparent, service, event.id)
  reason = string.sub(given.problem or reason, 1, REASON_MAX)
  if not given.problem and attempt <= tonumber(retries or 0) then
    local wait_ms = math.min(tonumber(backoff_ms) * 2 ^ (attempt - 1), BACKOFF_MAX_MS)
    redis.call('ZADD', 'reprise:retries', now + wait_ms, given.text)
    finish(service, channel, id, now, 'retried')
    note(trace, service, given, now, 'retried', reason)
    return 'retry'
  end
  bury(channel, '/services/' .. service, reason, given.text, event.replay, now)
  finish(service, channel, id, now, 'failed')
  note(trace, service, given, now, 'failed', reason)
  return 'dead'
end

-- reprise_retry 0 [limit]: puts events whose time has come back onto their channels. One of an epoch that is over is void.
-- Returns how many it has dealt with.
local function retry(_, args)
  local now, limit, count = now_ms(), tonumber(args[1] or 100), 0
  if not limit then return refused('the limit must be a number') end
  local due = redis.call('ZRANGE', 'reprise:retries', '-inf', now, 'BYSCORE', 'LIMIT', 0, limit)
  for _, text in ipairs(due) do
    local event, data = read(text)
    if not event then
      bury('', '/retry', 'it is no event', text, nil, now)
    elseif held_back_by(event.type, 1, now) then
      data = nil
    elseif tonumber(redis.call('HGET', 'reprise:head:' .. event.type, 'epoch') or 0) <= event.epoch then
      event.attempt = (event.attempt or 1) + 1
      put(event.type, event, data, event.epoch, now)
    end
    if data or not event then
      redis.call('ZREM', 'reprise:retries', text)
      count = count + 1
    end
  end
  return count
end

-- reprise_alive 0 service instance [facts]: a sign of life, once a second. `facts`: JSON object of what people are shown:
-- version, inputs, outputs, message, and state: "failed", or "stopped" by one that ends, and is forgotten at once.
-- Returns how the service is set up: {"state":"running"|"stopped","params":{...}}.
local function alive(_, args)
  local service, instance = args[1], args[2]
  if not instance then return refused('it takes service, instance and facts') end
  local facts = {}
  if args[3] then
    local problem = object_problem(args[3])
    if problem then return refused('the facts %s', problem) end
    facts = decoded(args[3])
  end
  local now = now_ms()
  local setup = set_up('reprise:outside', service) or '{"state":"running","params":{}}'
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
      for key, channel in pairs(problem and {} or channels) do
        problem = problem or type(key) ~= 'number' or not is_channel(channel)
      end
      if problem then return refused('%s must be a list of channels', name) end
      document[name] = channels[1] and channels
    end
  end
  local text = json(document)
  if facts.state == 'stopped' then
    redis.call('HDEL', 'reprise:services', document.instance)
  else
    redis.call('HSET', 'reprise:services', document.instance, text)
  end
  redis.call('PUBLISH', 'reprise:status', text)
  if state == 'running' then
    -- Who writes waits for it rather than push out of the log what it has not read.
    for _, channel in ipairs(document.inputs or {}) do
      local position = redis.call('HGET', 'reprise:consumers:' .. channel, service)
      local epoch, offset = position_of(position or nil)
      if position then
        redis.call('HSET', 'reprise:consumers:' .. channel, service, string.format('%d-%d %d', epoch, offset, now + ATTACHED_MS))
      end
    end
  end
  return setup
end

-- reprise_log 0 service level message [fields]: a line of the log. `level`: debug, info, warn, error or critical. `fields`: JSON
-- object of what else is to be known. No secret, and above debug no payload. Returns 1.
local function log(_, args)
  local service, level, message, fields = args[1], args[2], args[3], args[4]
  if not message then return refused('it takes service, level, message and fields') end
  if not is_service(service) then return refused('the service must be letters, digits, dots, slashes and dashes') end
  if not LEVELS[level] then return refused('the level must be debug, info, warn, error or critical') end
  if not is_utf8(message) then return refused('the message must be UTF-8') end
  local problem = fields and object_problem(fields)
  if problem then return refused('the fields %s', problem) end
  redis.call('XADD', 'reprise:logs', 'MAXLEN', '~', LOGS_MAX, '*', 'time', iso(now_ms()), 'level', level, 'kind', 'service',
    'service', service, 'message', cut(message, REASON_MAX), 'fields', fields or '{}')
  return 1
end

-- reprise_count 0 service metric [labels [by]]: counts something, by 1 unless `by` says otherwise. `labels`: JSON object of few
-- names with few values each. Returns 1, or 0 where the service has too many series already.
local function count(_, args)
  local by = tonumber(args[4] or 1)
  if not is_number(by) or by < 0 then return refused('by must be a number, 0 or more') end
  local series, problem = series_of(args[1], args[2], args[3] or '{}', 'total')
  if problem then return refused('%s', problem) end
  if not series then return 0 end
  redis.call('HINCRBYFLOAT', 'reprise:metrics', series .. 'total', by)
  return 1
end

-- reprise_observe 0 service metric labels value [value...]: values of a distribution, such as seconds. Returns as above.
local function observe(_, args)
  if not args[4] then return refused('it takes service, metric, labels and values') end
  local sum, counts = 0, {}
  for i = 4, #args do
    local value = tonumber(args[i])
    if not is_number(value) then return refused('%s is no number', json(args[i])) end
    local bound = '+Inf'
    for _, each in ipairs(BOUNDS) do
      if value <= each then
        bound = tostring(each)
        break
      end
    end
    sum, counts[bound] = sum + value, (counts[bound] or 0) + 1
  end
  local series, problem = series_of(args[1], args[2], args[3], 'sum')
  if problem then return refused('%s', problem) end
  if not series then return 0 end
  redis.call('HINCRBYFLOAT', 'reprise:metrics', series .. 'sum', string.format('%.17g', sum))
  for bound, times in pairs(counts) do redis.call('HINCRBY', 'reprise:metrics', series .. 'le:' .. bound, times) end
  return 1
end

redis.register_function('reprise_send', send)
redis.register_function('reprise_done', done)
redis.register_function('reprise_fail', fail)
redis.register_function('reprise_retry', retry)
redis.register_function('reprise_alive', alive)
redis.register_function('reprise_log', log)
redis.register_function('reprise_count', count)
redis.register_function('reprise_observe', observe)
