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
  source = true, replay = true, traceparent = true, pipeline = true, params = true, datacontenttype = true, dataschema = true,
}
local FLAGS = { restored = true, atmostonce = true }

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
    else
      return string.format('%s is not a member that can be given', json(name))
    end
  end
end
