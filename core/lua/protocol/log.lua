local LEVELS = { debug = true, info = true, warn = true, error = true, critical = true }

-- reprise_log: writes a log line. Log no secrets, and no data above `debug`.
-- KEYS: none. ARGV: service, level (debug, info, warn, error, critical), message; optionally fields (a JSON object).
-- Returns 1. REFUSED if the call is not valid.
local function log(_, ARGV)
  local service, level, message, fields = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
  if not message then return refused('it takes service, level, message and fields') end
  if not is_service(service) then return refused('the service must be letters, digits, dots, slashes and dashes') end
  if not LEVELS[level] then return refused('the level must be debug, info, warn, error or critical') end
  if not is_utf8(message) then return refused('the message must be UTF-8') end
  local problem = fields and object_problem(fields)
  if problem then return refused('the fields %s', problem) end
  redis.call('XADD', keys.logs, 'MAXLEN', '~', limits.LOGS_MAX, '*', 'time', iso(now_ms()), 'level', level, 'kind', 'service',
    'service', service, 'message', cut(message, limits.REASON_MAX_BYTES), 'fields', fields or '{}')
  return 1
end
