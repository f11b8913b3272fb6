#!/bin/bash
# G10: a server killed with 25,000 queued and 200 running tasks; from its start to the first new dispatch.
. "$(dirname "$0")/lib.sh"
queued=${QUEUED:-25000} running=${RUNNING:-200}
gcc -std=gnu11 -O2 -D_GNU_SOURCE -o "$OUT/bench/queue_many" bench/queue_many.c
start_server "$W/data" --task-cap "$running"
make_runbook "$URL" $KEY Hold "" 'while [ ! -e '"$W"'/go ]; do sleep 1; done'
make_runbook "$URL" $KEY Next "" true
"$OUT/bench/queue_many" "$PORT" $KEY Hold Run Hold "$running"
until [ "$(curl -sf -H "X-Octopus-ApiKey: $KEY" "$URL/api/tasks?states=Executing&take=1" | jq .TotalResults)" = "$running" ]; do read -rt 0.2 <> <(:) || true; done
"$OUT/bench/queue_many" "$PORT" $KEY Next Run Next "$queued"
stop_server -KILL
a=$(now)
start_server "$W/data" --task-cap $((running + 5))
until grep -q 'ended: Success' "$W/server.log"; do kill -0 $SERVER; read -rt 0.005 <> <(:) || true; done
b=$(now)
say "G10: $queued queued, $running re-attached: first new run complete after $(awk -v a="$a" -v b="$b" 'BEGIN {printf "%.2f", b - a}') s"
touch "$W/go"
