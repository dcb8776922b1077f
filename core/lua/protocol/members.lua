-- What events carry beside their data: a route and other members.

-- What is wrong with a route, or nil. `depth`: 1 for the route itself.
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
      return string.format('the route leads to %s, which can\'t be a channel', json(step))
    end
  end
end

-- A route as JSON text. An empty list of Lua is an empty object to cjson.
local function route_text(route)
  if type(route) == 'string' then return json(route) end
  local parts = {}
  for i, step in ipairs(route) do parts[i] = route_text(step) end
  return '[' .. table.concat(parts, ',') .. ']'
end

-- Where an event goes next: a list of { channel, the route from there }. Where the route parts, the event goes to the first
-- step of each branch.
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

-- Members that are text, and members that are there or not.
local TEXTS = {
  source = true, replay = true, traceparent = true, pipeline = true, params = true, datacontenttype = true, dataschema = true,
}
local FLAGS = { restored = true, atmostonce = true }

-- What is wrong with the members that an event is given, or nil. Removes those that are null, and writes the time in UTC.
local function members_problem(members)
  for name, value in pairs(members) do
    if value == cjson.null then
      members[name] = nil
    elseif name == 'time' then
      local _, text = time_of(tostring(value))
      if not text then return 'time must be ISO 8601 with a zone, as 2019-12-24T20:21:27.999Z' end
      members.time = text
    elseif name == 'route' then
      local problem = route_problem(value, 1)
      if problem then return problem end
    elseif TEXTS[name] then
      if type(value) ~= 'string' then return name .. ' must be text' end
    elseif FLAGS[name] then
      if value ~= true then return name .. ' can only be true' end
    else
      return string.format('an event can\'t be given the member %s', json(name))
    end
  end
end
