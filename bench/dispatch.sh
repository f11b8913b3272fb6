#!/bin/bash
# G1 and G2: how long a run takes from its POST to its `finished` event, and how many complete durable runs per second
# there are with 32 in flight. Peer of G1: `true` over a kept ssh connection, measured before and after in this run.
#   bench/dispatch.sh [sqlite|postgres]
. "$(dirname "$0")/lib.sh"
database=${1:-sqlite}
gcc -std=gnu11 -O2 -D_GNU_SOURCE -o "$OUT/bench/dispatch" bench/dispatch.c
start_sshd
if [ "$database" = postgres ]; then
    start_postgres
    start_server "$W/data" --task-cap 32 --database "$PG_URL"
else
    start_server "$W/data" --task-cap 32
fi
make_runbook "$URL" $KEY Step "" true
make_runbook "$URL" $KEY Raw '"OctopusUseRawScript":"True"' true
run() { "$OUT/bench/dispatch" "$PORT" $KEY "$1" Run "$1" "$2" "$3"; }
run Step 50 1 >/dev/null
read -r before _ < <(ssh_latency 100)
step=$(run Step 300 1)
raw=$(run Raw 300 1)
read -r after _ < <(ssh_latency 100)
many=$(run Step 3000 32)
peer=$(awk -v a="$before" -v b="$after" 'BEGIN {printf "%.2f", (a + b) / 2}')
say "database: $database"
say "ssh ControlMaster true: p50 $before ms before, $after ms after"
say "G1 step: $step ratio $(ratio "$(jq .p50_ms <<<"$step")" "$peer")"
say "G1 raw:  $raw ratio $(ratio "$(jq .p50_ms <<<"$raw")" "$peer")"
say "G2: $many"
