-- What the services of this release write.

-- note: stores hops of traces. KEYS: none. ARGV: the hops. Returns {1}.
local function note(_, ARGV)
  local hops = read_note(ARGV, 1)
  for i = hops.hopsFirst, hops.hopsLast, 2 do keep_hop(ARGV[i], ARGV[i + 1]) end
  return { 1 }
end

-- Reads the outputs of a commit from index `at` of ARGV on. Returns a list of { batch, key }.
local function read_outputs(KEYS, ARGV, work, at)
  local outputs, keys_at = {}, 3 + work.inputs
  for i = 1, work.outputs do
    local output = {}
    output.batch, at = read_batch(ARGV, at)
    output.key, keys_at = read_batch_keys(KEYS, keys_at)
    outputs[i] = output
  end
  return outputs
end

-- Stores the changed fields of a checkpoint. `checkpoint`: its key.
local function keep_entries(checkpoint, work, ARGV)
  for i = work.entriesFirst, work.entriesLast, 2 do
    if ARGV[i + 1] == '' then
      redis.call('HDEL', checkpoint, ARGV[i])
    else
      redis.call('HSET', checkpoint, ARGV[i], ARGV[i + 1])
    end
  end
end

-- commit: stores everything that came of a batch of input, or nothing: outputs, checkpoint, dead letters, retries, hops, and
-- the positions read.
-- KEYS: checkpoint, dead letters; the consumers of each input; the keys of a batch for each output.
-- ARGV: as in core/lua/functions.ts, then a batch for each output.
-- Returns
--   {1}: done;
--   {0, channel, epoch, offset}: the output is at another position: give the events new offsets and commit again;
--   {-1, name}: the last commit is another one: either this one, which arrived before, or one of a process that has taken
--     over the service;
--   {-2, service}: this service has not read the log of an output, which is full.
local function commit(KEYS, ARGV)
  local checkpoint, letters = KEYS[1], KEYS[2]
  local work, at = read_commit(ARGV, 1)
  local outputs = read_outputs(KEYS, ARGV, work, at)

  local last = redis.call('HGET', checkpoint, '#commit') or ''
  if last ~= work.last then return { -1, last } end
  for _, output in ipairs(outputs) do
    local key, batch = output.key, output.batch
    local epoch, offset = head_of(key.head)
    if epoch ~= batch.expectedEpoch or offset ~= batch.expectedOffset then return { 0, batch.channel, epoch, offset } end
    local consumer = work.waits and held_back_by(key.log, key.consumers, batch.logMax, batch.events, epoch, offset)
    if consumer then return { -2, consumer } end
  end

  -- First, because only this can fail.
  for _, output in ipairs(outputs) do append(output.key, output.batch, ARGV, work.service, false) end
  if work.forgets then redis.call('DEL', checkpoint) end
  redis.call('HSET', checkpoint, '#commit', work.name)
  for i = 1, work.inputs do
    local channel, position = ARGV[work.inputsFirst + i * 2 - 2], ARGV[work.inputsFirst + i * 2 - 1]
    redis.call('HSET', checkpoint, '@' .. channel, position)
    redis.call('HSET', KEYS[2 + i], work.service, position .. ' ' .. work.attachedUntilMs)
  end
  keep_entries(checkpoint, work, ARGV)
  for i = work.lettersFirst, work.lettersLast do
    redis.call('XADD', letters, 'MAXLEN', '~', limits.DEAD_LETTERS_MAX, '*', 'd', ARGV[i])
  end
  for i = work.retriesFirst, work.retriesLast, 2 do redis.call('ZADD', keys.retries, ARGV[i], ARGV[i + 1]) end
  for i = work.hopsFirst, work.hopsLast, 2 do keep_hop(ARGV[i], ARGV[i + 1]) end
  local tally = keys.tally(work.service)
  if work.letters > 0 then redis.call('HINCRBY', tally, 'failed', work.letters) end
  if work.retries > 0 then redis.call('HINCRBY', tally, 'retried', work.retries) end
  return { 1 }
end
