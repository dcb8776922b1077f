-- Checks data against the schema of their channel, as far as the schema can be checked here: core/lua/reduced-schema.ts leaves the
-- other keywords out.

local schemas, schema_count = {}, 0

-- The schema of a channel's data; nil if there is none.
local function schema_of(channel)
  local text = redis.call('HGET', keys.schemas, channel)
  if not text then return nil end
  if not schemas[text] then
    if schema_count >= limits.SCHEMAS_MAX then schemas, schema_count = {}, 0 end
    schemas[text], schema_count = cjson.decode(text), schema_count + 1
  end
  return schemas[text]
end

-- Whether a value has a type of JSON Schema. An empty table may be an array as well as an object.
local function has_type(value, name)
  local kind = type(value)
  if name == 'null' then return value == cjson.null end
  if name == 'number' then return kind == 'number' and value - value == 0 end
  if name == 'integer' then return kind == 'number' and value % 1 == 0 end
  if kind ~= 'table' then return kind == name end
  local key = next(value)
  return key == nil and (name == 'array' or name == 'object') or type(key) == (name == 'array' and 'number' or name == 'object' and 'string')
end

local BOUNDS = {
  { 'minimum', '>=', function(value, bound) return value >= bound end },
  { 'maximum', '<=', function(value, bound) return value <= bound end },
  { 'exclusiveMinimum', '>', function(value, bound) return value > bound end },
  { 'exclusiveMaximum', '<', function(value, bound) return value < bound end },
}

local schema_problem

-- The error in the members of an object, or nil.
local function object_schema_problem(schema, value, path)
  local properties = schema.properties or {}
  for _, name in ipairs(schema.required or {}) do
    if value[name] == nil then return string.format("%smust have required property '%s'", path, name) end
  end
  for name, member in pairs(value) do
    local inner = type(name) == 'string' and properties[name]
    if inner then
      local problem = schema_problem(inner, member, path == '' and name .. ' ' or string.sub(path, 1, -2) .. '.' .. name .. ' ')
      if problem then return problem end
    elseif schema.additionalProperties == false then
      return string.format('%smust NOT have additional properties (%s)', path, name)
    end
  end
end

-- The error in a value, or nil. `path`: where the value is, with a blank after it; '' for the data as a whole.
function schema_problem(schema, value, path)
  local types = type(schema.type) == 'string' and { schema.type } or schema.type
  if types then
    local found = false
    for _, name in ipairs(types) do found = found or has_type(value, name) end
    if not found then return string.format('%smust be %s', path, table.concat(types, ',')) end
  end
  if schema.enum then
    local found = false
    for _, each in ipairs(schema.enum) do found = found or each == value end
    if not found then return path .. 'must be equal to one of the allowed values' end
  end
  if type(value) == 'number' then
    for _, bound in ipairs(BOUNDS) do
      local limit = schema[bound[1]]
      if limit and not bound[3](value, limit) then
        return string.format('%smust be %s %s, got %s', path, bound[2], tostring(limit), tostring(value))
      end
    end
  elseif type(value) == 'string' then
    local _, length = string.gsub(value, '[^\128-\191]', '')
    if schema.minLength and length < schema.minLength then
      return string.format('%smust NOT have fewer than %d characters', path, schema.minLength)
    end
    if schema.maxLength and length > schema.maxLength then
      return string.format('%smust NOT have more than %d characters', path, schema.maxLength)
    end
  elseif type(value) == 'table' then
    if schema.items then
      for i, item in ipairs(value) do
        local problem = schema_problem(schema.items, item, string.sub(path, 1, -2) .. '.' .. (i - 1) .. ' ')
        if problem then return problem end
      end
    end
    if (schema.properties or schema.required) and has_type(value, 'object') then return object_schema_problem(schema, value, path) end
  end
end

-- The error in data for a channel, or nil.
local function data_problem(channel, data)
  local schema = schema_of(channel)
  return schema and schema_problem(schema, data, '')
end
