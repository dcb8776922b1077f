-- Text from services: JSON that every reader accepts, UTF-8, and names; and the refusal of a call.

-- An error reply that refuses a call: `REFUSED` and the reason. It takes the arguments of string.format.
local function refused(...)
  return redis.error_reply('REFUSED ' .. string.format(...))
end

-- A value as JSON text.
local function json(value)
  return (string.gsub(cjson.encode(value), '\\/', '/'))
end

local strict_json
-- Parses JSON text; nil if it is not JSON. cjson refuses half a surrogate pair, which JSON allows: it is read as U+FFFD.
local function decoded(text)
  if not strict_json then
    strict_json = cjson.new()
    strict_json.decode_invalid_numbers(false)
  end
  local ok, value = pcall(strict_json.decode, text)
  if ok then return value end
  ok, value = pcall(strict_json.decode, (string.gsub(text, '(\\+)u[dD][89a-fA-F]%x%x', function(slashes)
    if #slashes % 2 == 1 then return slashes .. 'ufffd' end
  end)))
  return ok and value or nil
end

-- Well-formed sequences of more than one byte: The Unicode Standard, table 3-7.
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

-- The first `bytes` bytes of a text, without half a character at the end.
local function cut(text, bytes)
  if #text <= bytes then return text end
  return (string.gsub(string.sub(text, 1, bytes), '[\192-\255]?[\128-\191]*$', ''))
end

-- The error in the text of a JSON object, or nil and the object. The text is passed on unchanged, and cjson accepts some texts that other
-- readers refuse, so they are refused here.
local function object_problem(text)
  if string.find(text, '[%z\1-\31]') then return 'must be on one line, without control characters' end
  if not is_utf8(text) then return 'must be UTF-8' end
  if string.find(text, '%d%.%D') or string.find(text, '-.', 1, true) then
    local bare = string.gsub(string.gsub(text, '\\.', ''), '"[^"]*"', '')
    if string.find(bare, '%d%.%D') or string.find(bare, '-.', 1, true) then
      return 'must have digits on both sides of the point in its numbers'
    end
  end
  local value = decoded(text)
  if type(value) ~= 'table' or not string.find(text, '^%s*{') then return 'must be a JSON object' end
  return nil, value
end

-- Whether a value is a valid name of a channel. core/wire/channels.ts has the same rule.
local function is_channel(name)
  return type(name) == 'string' and #name <= limits.CHANNEL_NAME_MAX and string.find(name, '^%w[%w._:%-]*$') ~= nil
    and string.sub(name, 1, #keys.ownPrefix) ~= keys.ownPrefix
end

-- Whether a value is a valid name of a service.
local function is_service(name)
  return type(name) == 'string' and #name <= limits.SERVICE_NAME_MAX and string.find(name, '^%w[%w._#/%-]*$') ~= nil
end
