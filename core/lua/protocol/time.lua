-- Times as text: ISO 8601 in UTC. Dates follow Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".

-- Formats epoch milliseconds, such as 2019-12-24T20:21:27.999Z.
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

-- Parses an ISO 8601 time with a zone. A leap second is the first second of the next day. core/wire/event-time.ts has the same
-- rule. Returns epoch milliseconds, and the time in UTC as text with all digits of the second; nil if it is not valid.
local function time_of(text)
  local year, month, day, hour, minute, second, fraction, zone =
    string.match(text, '^(%d%d%d%d)%-(%d%d)%-(%d%d)[Tt](%d%d):(%d%d):(%d%d)(%.?%d*)(.+)$')
  if not year or fraction == '.' then return nil end
  local is_leap = second == '60'
  if is_leap then second = '59' end
  local y, m = tonumber(year), tonumber(month)
  if m <= 2 then y = y - 1 end
  local era = math.floor(y / 400)
  local yoe = y - era * 400
  local doy = math.floor((153 * (m > 2 and m - 3 or m + 9) + 2) / 5) + tonumber(day) - 1
  local days = era * 146097 + yoe * 365 + math.floor(yoe / 4) - math.floor(yoe / 100) + doy - 719468
  local ms = days * 86400000 + hour * 3600000 + minute * 60000 + second * 1000
  -- There is no thirtieth of February, and no 25th hour.
  if string.sub(iso(ms), 1, 19) ~= string.format('%s-%s-%sT%s:%s:%s', year, month, day, hour, minute, second) then return nil end
  if zone ~= 'Z' and zone ~= 'z' then
    local sign, hours, minutes = string.match(zone, '^([+-])(%d%d):(%d%d)$')
    if not sign or tonumber(hours) > 23 or tonumber(minutes) > 59 then return nil end
    ms = ms - tonumber(sign .. '1') * (hours * 3600000 + minutes * 60000)
  end
  if is_leap then
    if string.sub(iso(ms), 12, 16) ~= '23:59' then return nil end
    ms = ms + 1000
  end
  local utc = iso(ms)
  -- Years beyond four digits have another form, which few readers know.
  if #utc ~= 24 or string.sub(utc, 1, 1) == '-' then return nil end
  local digits = string.sub(fraction, 2)
  utc = string.format('%s.%s%sZ', string.sub(utc, 1, 19), digits, string.rep('0', 3 - #digits))
  if fraction ~= '' then ms = ms + math.floor(tonumber('0' .. fraction) * 1000) end
  return ms, utc
end
