#!/bin/sh
# Measures how long a text is, in words or in letters: a service as docs/protocol.md describes it, with redis-cli only.
: "${REDIS_URL:=redis://127.0.0.1:6379}" "${SERVICE:=size}" "${INSTANCE:=$(hostname)}"
channel=$SERVICE.in
# With a namespace, names in Redis begin with it.
log=${REPRISE_NAMESPACE:+$REPRISE_NAMESPACE:}reprise:log:$channel
functions=${REPRISE_NAMESPACE:+${REPRISE_NAMESPACE}_}reprise
facts='"version":"1.0","inputs":["'$channel'"],"outputs":["'$SERVICE'"]'
newline='
'

call() { redis-cli -e --no-auth-warning -u "$REDIS_URL" "$@" 2>&1 </dev/null; }

# Redis reads the JSON, because the shell can't. Prints the unit on the first line, and then the text.
read_event='
  local event, setup = cjson.decode(ARGV[1]), cjson.decode(ARGV[2])
  local own = cjson.decode(event.params or "{}")[ARGV[3]] or {}
  if type(event.data.text) ~= "string" then return redis.error_reply("text must be text") end
  return (own.unit or setup.params.unit or "words") .. "\n" .. event.data.text'

# Prints the data of an event with its size added. On an error it prints the reason and returns 1.
derive() {
  found=$(call EVAL "$read_event" 0 "$1" "$setup" "$SERVICE") || { echo "$found"; return 1; }
  unit=${found%%"$newline"*} text=${found#*"$newline"}
  case $unit in
    words) set -f; set -- "$1" $text; size=$(($# - 1)) ;;
    letters) size=$(printf %s "$text" | tr -cd '[:alpha:]' | wc -c) ;;
    *) echo "unit must be words or letters, not $unit"; return 1 ;;
  esac
  data=${1#*,\"data\":} # `data` is the last member, so this is the rest of the event.
  data=${data%\}}
  printf '{"size":%d,"unit":"%s",%s\n' "$size" "$unit" "${data#\{}"
}

# Finishes one event. A single call writes the output, the acknowledgement, the trace and the count.
handle() {
  if answer=$(derive "$2"); then
    data=$answer
    until answer=$(call FCALL ${functions}_done 0 "$SERVICE" "$channel" "$1" "$SERVICE" "$data"); do
      case $answer in
        *FULL*) sleep 0.1 ;; # The next service must read first.
        *REFUSED*) break ;;
        *) return 1 ;; # Redis is away. The event comes again.
      esac
    done
    case $answer in *REFUSED*) ;; *) return 0 ;; esac
  fi
  call FCALL ${functions}_fail 0 "$SERVICE" "$channel" "$1" "$answer" >/dev/null
}

# Reads first what this instance has not finished (0), then what is new (>), then what a dead instance has left.
start=0
trap 'ends=yes' TERM INT
while [ -z "$ends" ]; do
  setup=$(call FCALL ${functions}_alive 0 "$SERVICE" "$INSTANCE" "{$facts}") || { echo "$setup" >&2; sleep 1; continue; }
  case $setup in *'"state":"stopped"'*) sleep 0.2; continue ;; esac
  if ! found=$(call XREADGROUP GROUP "$SERVICE" "$INSTANCE" COUNT 10 BLOCK 500 STREAMS "$log" $start); then
    case $found in
      *NOGROUP* | *UNBLOCKED*) call XGROUP CREATE "$log" "$SERVICE" 0 MKSTREAM >/dev/null ;;
      *) echo "$found" >&2; sleep 1 ;;
    esac
    start=0
    continue
  fi
  # The answer is a line with the log, and then three lines for each entry: its id, "e", and the event. An entry that has
  # left the log has no event.
  entries=${found#*"$newline"}
  if [ "$entries" = "$found" ]; then
    if [ $start = 0 ]; then start='>'; continue; fi
    left=$(call XAUTOCLAIM "$log" "$SERVICE" "$INSTANCE" 10000 0 COUNT 10 JUSTID)
    case $left in *"$newline"*-*) start=0 ;; esac
    continue
  fi
  while IFS= read -r id && IFS= read -r field; do
    event=
    [ "$field" = e ] && IFS= read -r event
    handle "$id" "$event" || start=0
  done <<END
$entries
END
done
call FCALL ${functions}_alive 0 "$SERVICE" "$INSTANCE" "{$facts,\"state\":\"stopped\"}" >/dev/null
