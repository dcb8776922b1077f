-- What both libraries use: the clock, positions, the head of a channel, the room in a log, and hops of traces.
-- A position consists of an epoch and an offset. Its text is `<epoch>-<offset>`.

-- Returns the time of Redis, epoch ms.
local function now_ms()
  local now = redis.call('TIME')
  return tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000)
end

-- Reads the head of a channel, at `key`.
-- Returns the epoch and the offset of the last event (0, 0 before the first one), its writer, and the lease that took the
-- channel last. The last two are false if there are none.
local function head_of(key)
  local head = redis.call('HMGET', key, 'epoch', 'offset', 'by', 'lease')
  return tonumber(head[1] or 0), tonumber(head[2] or 0), head[3], head[4]
end

-- The number of the first epoch of a channel: the time at which it begins, as in core/wire/event.ts.
local function first_epoch()
  return now_ms()
end

-- Parses the position at the start of a text. Returns epoch, offset; 0, 0 if there is none.
local function position_of(text)
  local epoch, offset = string.match(text or '', '^(%d+)%-(%d+)')
  return tonumber(epoch or 0), tonumber(offset or 0)
end

-- Whether one position is before another.
local function is_before(epoch, offset, other_epoch, other_offset)
  return epoch < other_epoch or (epoch == other_epoch and offset < other_offset)
end

-- Returns how many events of a log a service has not read that is at `epoch`, `offset`. If it has not finished an earlier
-- epoch, the number is not known: the whole log may be unread, so it returns infinity.
local function unread_after(log, epoch, offset, head_epoch, head_offset)
  if epoch == head_epoch then return head_offset - offset end
  if epoch > head_epoch then return 0 end
  local last = redis.call('XREVRANGE', log, string.format('%d-0', head_epoch), '-', 'COUNT', 1)[1]
  if last and is_before(epoch, offset, position_of(last[1])) then return math.huge end
  -- It has read everything before this epoch, and nothing of the epoch yet.
  return head_offset
end

-- Checks whether `count` more events would push events out of a log that an attached service has not read.
-- `log`, `consumers`: the keys of the channel; `log_max`: how many events the log keeps; `head_epoch`, `head_offset`: the
-- head of the channel.
-- Returns the name of such a service, or nil. A service that has read everything never holds a writer back, not even for a
-- batch that is longer than the log. Nor does any service while the log has room, whatever it has missed before.
local function held_back_by(log, consumers, log_max, count, head_epoch, head_offset)
  if log_max == 0 then return nil end
  local attached = redis.call('HGETALL', consumers)
  if #attached == 0 then return nil end
  local now = now_ms()
  for i = 1, #attached, 2 do
    local epoch, offset, deadline = string.match(attached[i + 1], '^(%d+)%-(%d+) (%d+)$')
    if epoch and tonumber(deadline) > now then
      local unread = unread_after(log, tonumber(epoch), tonumber(offset), head_epoch, head_offset)
      if unread > 0 and unread + count > log_max then
        if redis.call('XLEN', log) + count <= log_max then return nil end
        return attached[i]
      end
    end
  end
  return nil
end

-- Stores a hop of a trace in the stream of all hops, and its entry id in one of the lists of the index.
-- `trace`: the id of the trace; `hop`: the Hop as JSON text.
local function keep_hop(trace, hop)
  local id = redis.call('XADD', keys.traces, 'MAXLEN', '~', limits.TRACES_MAX, '*', 't', trace, 'd', hop)
  local index = keys.traceIndex(string.sub(trace, -limits.TRACE_INDEX_DIGITS))
  if redis.call('RPUSH', index, trace .. id) > limits.TRACE_INDEX_MAX then
    redis.call('LTRIM', index, -limits.TRACE_INDEX_MIN, -1)
  end
end
