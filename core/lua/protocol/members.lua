-- The members of an event besides its data: the route and others.

-- The error in a route, or nil. `depth`: 1 for the route itself.
local function route_problem(route, depth)
  if type(route) ~= 'table' or depth > limits.ROUTE_DEPTH_MAX then
    return 'the route must be a list of channels, and of branches of channels'
  end
  for key, step in pairs(route) do
    if type(key) ~= 'number' then return 'the route must be a list' end
    if type(step) == 'table' then
      local problem = route_problem(step, depth + 1)
      if problem then return problem end
    elseif not is_channel(step) then
      return string.format('the route leads to %s, which is not a valid channel name', json(step))
    end
  end
end

-- A route as JSON text. cjson would write an empty list as an object.
local function route_text(route)
  if type(route) == 'string' then return json(route) end
  local parts = {}
  for i, step in ipairs(route) do parts[i] = route_text(step) end
  return '[' .. table.concat(parts, ',') .. ']'
end

-- The channels that an event goes to next: a list of { channel, route }, with the rest of the route. Where the route
-- branches, the event goes to the first step of each branch.
local function next_hops(route, found)
  found = found or {}
  local next, rest = route[1], {}
  for i = 2, #route do rest[i - 1] = route[i] end
  if type(next) == 'string' then
    found[#found + 1] = { channel = next, route = rest }
  elseif next then
    for _, branch in ipairs(next) do
      local way = {}
      for _, step in ipairs(branch) do way[#way + 1] = step end
      for _, step in ipairs(rest) do way[#way + 1] = step end
      next_hops(way, found)
    end
  end
  return found
end

-- Members that are text, and members that are either true or missing.
local TEXTS = {
  source = true, replay = true, traceparent = true, tracestate = true, pipeline = true, params = true, datacontenttype = true,
  dataschema = true,
}
local FLAGS = { restored = true, atmostonce = true }
-- Further names that no extension can have: core/wire/attributes.ts has the same ones.
local OWN = {
  specversion = true, id = true, type = true, subject = true, time = true, epoch = true, offset = true, sent = true,
  bare = true, partition = true, attempt = true, route = true, data = true, data_base64 = true,
}
local INTEGER_MAX = 2 ^ 31

-- Whether a member of an event is an extension of CloudEvents, and not one that has a meaning here.
local function is_extension(name)
  return not TEXTS[name] and not FLAGS[name] and not OWN[name]
end

-- The error in an extension, or nil. core/wire/attributes.ts has the same rule.
local function extension_problem(name, value)
  if not string.find(name, '^[a-z0-9]+$') or #name > limits.ATTRIBUTE_NAME_MAX then
    return string.format("%s can't be an attribute: names have at most %d lower-case letters and digits", json(name),
      limits.ATTRIBUTE_NAME_MAX)
  end
  if type(value) == 'boolean' then return nil end
  if type(value) == 'string' then
    local is_text = not string.find(value, '[%z\1-\31\127]') and not string.find(value, '\194[\128-\159]')
    return not is_text and name .. ' contains a character that is not allowed in text' or nil
  end
  local is_integer = type(value) == 'number' and value % 1 == 0 and value >= -INTEGER_MAX and value < INTEGER_MAX
  return not is_integer and name .. ' must be text, true, false, or an integer of 32 bits' or nil
end

-- Copies the extensions of an event into the members of another one.
local function copy_extensions(event, members)
  for name, value in pairs(event) do
    if is_extension(name) and not extension_problem(name, value) and members[name] == nil then members[name] = value end
  end
  return members
end

-- Parses a traceparent (W3C Trace Context). Returns trace, span and whether it is sampled; nil if it is not valid.
-- core/wire/trace.ts has the same rule.
local function trace_context(text)
  local version, trace, span, flags, more =
    string.match(text or '', '^([%da-f][%da-f])%-([%da-f]+)%-([%da-f]+)%-([%da-f][%da-f])(.*)$')
  if not trace or #trace ~= 32 or #span ~= 16 or version == 'ff' then return nil end
  if more ~= '' and (version == '00' or string.sub(more, 1, 1) ~= '-') then return nil end
  if not string.find(trace, '[^0]') or not string.find(span, '[^0]') then return nil end
  return trace, span, tonumber(flags, 16) % 2 == 1
end

-- A traceparent.
local function trace_text(trace, span, is_sampled)
  return string.format('00-%s-%s-%s', trace, span, is_sampled and '01' or '00')
end

-- The error in the trace that the members tell, or nil. It writes the traceparent in version 00. `new` begins a trace.
local function trace_problem(members)
  local text, state = members.traceparent, members.tracestate
  if state and not text then return 'tracestate needs traceparent' end
  if not text or text == 'new' then return nil end
  local trace, span, is_sampled = trace_context(text)
  if not trace then return 'traceparent is not valid: ' .. json(string.sub(text, 1, 80)) end
  members.traceparent = trace_text(trace, span, is_sampled)
  if not state then return nil end
  local count, is_valid = 0, #state <= limits.TRACESTATE_MAX
  for member in string.gmatch(state .. ',', '%s*([^,]-)%s*,') do
    if member ~= '' then
      count = count + 1
      is_valid = is_valid and string.find(member, '^[a-z0-9][a-z0-9_%-*/@]*=[\32-\60\62-\126]+$') ~= nil
    end
  end
  return (not is_valid or count == 0 or count > 32) and 'tracestate is not valid' or nil
end

-- The error in the members given for an event, or nil. It removes members that are null, and converts the time to UTC.
local function members_problem(members)
  for name, value in pairs(members) do
    if value == cjson.null then
      members[name] = nil
    elseif name == 'time' then
      local _, text = time_of(tostring(value))
      if not text then return 'time must be ISO 8601 with a zone, such as 2019-12-24T20:21:27.999Z' end
      members.time = text
    elseif name == 'route' then
      local problem = route_problem(value, 1)
      if problem then return problem end
    elseif TEXTS[name] then
      if type(value) ~= 'string' then return name .. ' must be text' end
    elseif FLAGS[name] then
      if value ~= true then return name .. ' can only be true' end
    elseif OWN[name] then
      return string.format('%s is not a member that can be given', json(name))
    else
      local problem = extension_problem(name, value)
      if problem then return problem end
    end
  end
  return trace_problem(members)
end
