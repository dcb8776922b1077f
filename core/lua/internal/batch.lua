-- A batch of events for one channel. Its layout is in core/lua/functions.ts, from which `read_batch` and `read_batch_keys`
-- are generated. The events are not copied, because there may be many: a batch has their indexes in ARGV.

-- Whether `count` messages under a pub/sub name would reach nobody, here or at a replica. Checked only for HEARD_MIN or more.
local function is_unheard(name, count)
  if count < limits.HEARD_MIN then return false end
  local subscribers, patterns = redis.pcall('PUBSUB', 'NUMSUB', name), redis.pcall('PUBSUB', 'NUMPAT')
  if subscribers[2] ~= 0 or patterns ~= 0 then return false end
  local replication = redis.pcall('INFO', 'replication')
  return type(replication) == 'string' and string.find(replication, 'connected_slaves:0', 1, true) ~= nil
end

-- Stores the latest event of each subject of a batch in the hash `state`.
local function keep_state(state, batch, ARGV)
  local events_before, last = batch.eventsFirst - 1, batch.subjectsLast
  for first = batch.subjectsFirst, last, limits.UNPACK_MAX do
    local fields = {}
    for i = first, math.min(first + limits.UNPACK_MAX - 2, last), 2 do
      fields[#fields + 1] = ARGV[i]
      fields[#fields + 1] = ARGV[events_before + tonumber(ARGV[i + 1])]
    end
    redis.call('HSET', state, unpack(fields))
  end
end

-- Publishes a batch, and adds it to the log and the state. The caller has checked that the channel is at the expected
-- position.
-- `key`: the keys of the batch; `writer`: the id of the writer; `is_owned`: the writer is the replay that owns the channel.
-- Returns the offset of the last event.
local function append(key, batch, ARGV, writer, is_owned)
  local call = redis.call
  local is_new_epoch = batch.epoch > batch.expectedEpoch
  local offset, count = is_new_epoch and 0 or batch.expectedOffset, batch.events
  local last_offset = offset + count
  if is_new_epoch then call('DEL', key.state) end
  local events_before = batch.eventsFirst - 1
  local shown_before = batch.bare > 0 and batch.bareFirst - 1 or events_before
  local channel, log, prefix = batch.channel, key.log, string.format('%d-', batch.epoch)
  local messages = keys.messages(channel)
  if batch.logMax > 0 then
    -- string.format is three times as fast as `..`, which formats a number as a fraction.
    for i = 1, count do
      call('XADD', log, string.format('%s%d', prefix, offset + i), 'e', ARGV[events_before + i])
    end
  end
  if not is_unheard(messages, count) then
    for i = 1, count do call('PUBLISH', messages, ARGV[shown_before + i]) end
  end
  keep_state(key.state, batch, ARGV)
  if key.latest ~= '' and count > 0 then call('SET', key.latest, ARGV[shown_before + count]) end
  if batch.logMax > 0 and count > 0 then call('XTRIM', log, 'MAXLEN', '~', batch.logMax) end
  call('HSET', key.head, 'epoch', batch.epoch, 'offset', last_offset, 'time', batch.timeMs, 'by', writer)
  if is_owned then call('HINCRBY', key.head, 'own', count) end
  if offset == 0 then call('SADD', keys.channels, channel) end
  return last_offset
end
