#!/bin/sh
# Says how long a text is: in words, or in letters. A service of Reprise as docs/protocol.md has it, with redis-cli alone.
: "${REDIS_URL:=redis://127.0.0.1:6379}" "${SERVICE:=size}" "${INSTANCE:=$(hostname)}"
channel=$SERVICE.in
log=reprise:log:$channel
facts='"version":"1.0","inputs":["'$channel'"],"outputs":["'$SERVICE'"]'
newline='
'

call() { redis-cli -e --no-auth-warning -u "$REDIS_URL" "$@" 2>&1 </dev/null; }

# What the shell can't, Redis can: reads JSON. Answers the unit, and from the second line on the text.
read_event='
  local event, setup = cjson.decode(ARGV[1]), cjson.decode(ARGV[2])
  local own = cjson.decode(event.params or "{}")[ARGV[3]] or {}
  if type(event.data.text) ~= "string" then return redis.error_reply("text must be text") end
  return (own.unit or setup.params.unit or "words") .. "\n" .. event.data.text'

# The datum of an event, with its size; exits with 1 and says why where that can't be.
derive() {
  found=$(call EVAL "$read_event" 0 "$1" "$setup" "$SERVICE") || { echo "$found"; return 1; }
  unit=${found%%"$newline"*} text=${found#*"$newline"}
  case $unit in
    words) set -f; set -- "$1" $text; size=$(($# - 1)) ;;
    letters) size=$(printf %s "$text" | tr -cd '[:alpha:]' | wc -c) ;;
    *) echo "unit must be words or letters, not $unit"; return 1 ;;
  esac
  data=${1#*,\"data\":} # The last member, so all of the rest.
  data=${data%\}}
  printf '{"size":%d,"unit":"%s",%s\n' "$size" "$unit" "${data#\{}"
}

# Finishes one event: the output, the acknowledgement, the trace and the count are one call.
handle() {
  if answer=$(derive "$2"); then
    data=$answer
    until answer=$(call FCALL reprise_done 0 "$SERVICE" "$channel" "$1" "$SERVICE" "$data"); do
      case $answer in
        *FULL*) sleep 0.1 ;; # The next one in the row has to read on first.
        *REFUSED*) break ;;
        *) return 1 ;; # Redis is gone: it comes again.
      esac
    done
    case $answer in *REFUSED*) ;; *) return 0 ;; esac
  fi
  call FCALL reprise_fail 0 "$SERVICE" "$channel" "$1" "$answer" >/dev/null
}

# First what it has in hand (0), then what is new (>), then what an instance that is gone has left.
start=0
trap 'ends=yes' TERM INT
while [ -z "$ends" ]; do
  setup=$(call FCALL reprise_alive 0 "$SERVICE" "$INSTANCE" "{$facts}") || { echo "$setup" >&2; sleep 1; continue; }
  case $setup in *'"state":"stopped"'*) sleep 0.2; continue ;; esac
  if ! found=$(call XREADGROUP GROUP "$SERVICE" "$INSTANCE" COUNT 10 BLOCK 500 STREAMS "$log" $start); then
    case $found in
      *NOGROUP* | *UNBLOCKED*) call XGROUP CREATE "$log" "$SERVICE" 0 MKSTREAM >/dev/null ;;
      *) echo "$found" >&2; sleep 1 ;;
    esac
    start=0
    continue
  fi
  # A line with the log, then of each entry a line with its id, "e", and the event; one that has left the log has none.
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
call FCALL reprise_alive 0 "$SERVICE" "$INSTANCE" "{$facts,\"state\":\"stopped\"}" >/dev/null
