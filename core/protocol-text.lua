#!lua name=reprise
-- What the functions of protocol.lua stand on: times, JSON that all can read, names and routes. It is loaded in front of it.

local ROUTE_DEPTH_MAX = 3

-- Time ----------------------------------------------------------------------------------------------------------------

local function now_ms()
  local now = redis.call('TIME')
  return tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000)
end

-- ISO 8601 in UTC. Days to a date and back: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
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

-- Epoch milliseconds of an ISO 8601 time with a zone, and the time in UTC as text; nil where it is none.
local function time_of(text)
  local year, month, day, hour, minute, second, fraction, zone =
    string.match(text, '^(%d%d%d%d)%-(%d%d)%-(%d%d)T(%d%d):(%d%d):(%d%d)(%.?%d*)(.+)$')
  if not year or fraction == '.' then return nil end
  local y, m = tonumber(year), tonumber(month)
  if m <= 2 then y = y - 1 end
  local era = math.floor(y / 400)
  local yoe = y - era * 400
  local doy = math.floor((153 * (m > 2 and m - 3 or m + 9) + 2) / 5) + tonumber(day) - 1
  local days = era * 146097 + yoe * 365 + math.floor(yoe / 4) - math.floor(yoe / 100) + doy - 719468
  local ms = days * 86400000 + hour * 3600000 + minute * 60000 + second * 1000
  -- There is no thirtieth of February, and no 25th hour.
  if string.sub(iso(ms), 1, 19) ~= string.sub(text, 1, 19) then return nil end
  if fraction ~= '' then ms = ms + math.floor(tonumber('0' .. fraction) * 1000) end
  if zone == 'Z' then return ms, text end
  local sign, hours, minutes = string.match(zone, '^([+-])(%d%d):(%d%d)$')
  if not sign then return nil end
  ms = ms - tonumber(sign .. '1') * (hours * 3600000 + minutes * 60000)
  return ms, iso(ms)
end

-- JSON ----------------------------------------------------------------------------------------------------------------

local function json(value)
  return (string.gsub(cjson.encode(value), '\\/', '/'))
end

local strict
-- JSON text as a value; nil where it is none. cjson refuses half a surrogate pair, which JSON allows: it is read as U+FFFD.
local function decoded(text)
  if not strict then
    strict = cjson.new()
    strict.decode_invalid_numbers(false)
  end
  local ok, value = pcall(strict.decode, text)
  if ok then return value end
  ok, value = pcall(strict.decode, (string.gsub(text, '(\\+)u[dD][89a-fA-F]%x%x', function(slashes)
    if #slashes % 2 == 1 then return slashes .. 'ufffd' end
  end)))
  return ok and value or nil
end

-- The Unicode Standard, table 3-7.
local UTF8 = {
  '[\194-\223][\128-\191]', '\224[\160-\191][\128-\191]', '\237[\128-\159][\128-\191]',
  '[\225-\236\238\239][\128-\191][\128-\191]', '\240[\144-\191][\128-\191][\128-\191]',
  '[\241-\243][\128-\191][\128-\191][\128-\191]', '\244[\128-\143][\128-\191][\128-\191]',
}
local function is_utf8(text)
  if not string.find(text, '[\128-\255]') then return true end
  for _, sequence in ipairs(UTF8) do text = string.gsub(text, sequence, ' ') end
  return not string.find(text, '[\128-\255]')
end

-- What is wrong with the text of a JSON object that is to travel as it is, or nil. cjson takes some that others choke on.
local function object_problem(text)
  if string.find(text, '[%z\1-\31]') then return 'must stand on one line, without control characters' end
  if not is_utf8(text) then return 'must be UTF-8' end
  if string.find(text, '%d%.%D') or string.find(text, '-.', 1, true) then
    local bare = string.gsub(string.gsub(text, '\\.', ''), '"[^"]*"', '')
    if string.find(bare, '%d%.%D') or string.find(bare, '-.', 1, true) then
      return 'must have numbers with a digit on both sides of the point'
    end
  end
  if type(decoded(text)) ~= 'table' or not string.find(text, '^%s*{') then return 'must be a JSON object' end
end

-- What is asked for ---------------------------------------------------------------------------------------------------

local function refused(...)
  return redis.error_reply('REFUSED ' .. string.format(...))
end

local function is_channel(name)
  return type(name) == 'string' and #name <= 128 and string.find(name, '^%w[%w._:%-]*$') ~= nil
    and string.sub(name, 1, 8) ~= 'reprise:'
end

-- What is wrong with a route, or nil.
local function route_problem(route, depth)
  if type(route) ~= 'table' or depth > ROUTE_DEPTH_MAX then
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

-- An empty list of Lua is an empty object to cjson.
local function route_text(route)
  if type(route) == 'string' then return json(route) end
  local parts = {}
  for i, step in ipairs(route) do parts[i] = route_text(step) end
  return '[' .. table.concat(parts, ',') .. ']'
end

-- Where an event goes next: a list of { channel, the route from there }. A branch of a route goes to the first step of each.
local function hops(route, found)
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
      hops(way, found)
    end
  end
  return found
end

local TEXTS = {
  source = true, replay = true, traceparent = true, pipeline = true, params = true, datacontenttype = true, dataschema = true,
}
local FLAGS = { restored = true, atmostonce = true }

-- What is wrong with the members that an event is given, or nil. Those that are null are taken away.
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
