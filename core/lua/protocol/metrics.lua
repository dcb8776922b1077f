-- Metrics of services. core/wire/keys.ts describes the hash `metrics`.

local function is_number(value)
  return value and value == value and math.abs(value) ~= math.huge
end

-- The labels of a series as JSON text, sorted by name. `text`: a JSON object.
-- Returns the text; or nil and the error.
local function labels_text(text)
  local problem = object_problem(text)
  if problem then return nil, 'the labels ' .. problem end
  local names, values = {}, decoded(text)
  for name, value in pairs(values) do
    if not string.find(name, '^[%a_][%w_]*$') or #name > limits.METRIC_NAME_MAX or name == 'le' or name == 'service' then
      return nil, string.format('%s is not a valid label', json(name))
    end
    if type(value) == 'table' or value == cjson.null then return nil, string.format('label %s must be text', name) end
    names[#names + 1] = name
  end
  if #names > limits.LABELS_MAX then return nil, string.format('a metric has at most %d labels', limits.LABELS_MAX) end
  table.sort(names)
  for i, name in ipairs(names) do
    names[i] = json(name) .. ':' .. json(cut(tostring(values[name]), limits.LABEL_VALUE_MAX_BYTES))
  end
  return '{' .. table.concat(names, ',') .. '}'
end

-- Finds a series, or makes room for it. `first`: the last word of a field that every such series has.
-- Returns the beginning of the names of its fields; or nil and the error. If a service has too many series, further ones
-- share one overflow series for each metric. If it has too many of these, too, it returns nil without an error.
local function series_of(service, metric, labels, first)
  if not is_service(service) then return nil, 'the service must be letters, digits, dots, slashes and dashes' end
  if not metric or #metric > limits.METRIC_NAME_MAX or not string.find(metric, '^[%a_][%w_]*$') then
    return nil, string.format('the metric must be at most %d letters, digits and underscores', limits.METRIC_NAME_MAX)
  end
  local text, problem = labels_text(labels)
  if problem then return nil, problem end
  local count = '#' .. service
  local start = service .. ' ' .. metric .. ' '
  local limit = limits.SERIES_MAX
  for _, each in ipairs({ text, '{"overflow":"true"}' }) do
    local series = start .. each .. ' '
    if redis.call('HEXISTS', keys.metrics, series .. first) == 1 then return series end
    if tonumber(redis.call('HGET', keys.metrics, count) or 0) < limit then
      redis.call('HINCRBY', keys.metrics, count, 1)
      return series
    end
    limit = limits.SERIES_OVERFLOW_MAX
  end
end

-- reprise_count: increases a counter.
-- KEYS: none. ARGV: service, metric; optionally labels (a JSON object of few names, with few values each), and by how much
-- (default: 1).
-- Returns 1; or 0 if the service already has too many series. REFUSED if the call is not valid.
local function count(_, ARGV)
  local by = tonumber(ARGV[4] or 1)
  if not is_number(by) or by < 0 then return refused('by must be a number, 0 or more') end
  local series, problem = series_of(ARGV[1], ARGV[2], ARGV[3] or '{}', 'total')
  if problem then return refused('%s', problem) end
  if not series then return 0 end
  redis.call('HINCRBYFLOAT', keys.metrics, series .. 'total', by)
  return 1
end

-- reprise_observe: adds values to a distribution, such as seconds.
-- KEYS: none. ARGV: service, metric, labels (a JSON object), and one or more values.
-- Returns 1; or 0 if the service already has too many series. REFUSED if the call is not valid.
local function observe(_, ARGV)
  if not ARGV[4] then return refused('it takes service, metric, labels and values') end
  local sum, counts = 0, {}
  for i = 4, #ARGV do
    local value = tonumber(ARGV[i])
    if not is_number(value) then return refused('%s is not a valid number', json(ARGV[i])) end
    local bound = '+Inf'
    for _, each in ipairs(limits.BUCKETS) do
      if value <= each then
        bound = tostring(each)
        break
      end
    end
    sum, counts[bound] = sum + value, (counts[bound] or 0) + 1
  end
  local series, problem = series_of(ARGV[1], ARGV[2], ARGV[3], 'sum')
  if problem then return refused('%s', problem) end
  if not series then return 0 end
  redis.call('HINCRBYFLOAT', keys.metrics, series .. 'sum', string.format('%.17g', sum))
  for bound, times in pairs(counts) do redis.call('HINCRBY', keys.metrics, series .. 'le:' .. bound, times) end
  return 1
end
