#!/bin/bash
# Start to first API answer on an existing database, memory when idle, sizes of the programs.
. "$(dirname "$0")/lib.sh"
start_server "$W/data"
stop_server
for _ in $(seq 20); do
    a=$(now); start_server "$W/data"; curl -sf -o /dev/null -H "X-Octopus-ApiKey: $KEY" "$URL/api"; b=$(now)
    awk -v a="$a" -v b="$b" 'BEGIN {printf "%.1f\n", (b - a) * 1000}'
    stop_server
done | percentiles | { read -r p50 p90 _; say "start to first answer: p50 $p50 ms, p90 $p90 ms"; }
start_server "$W/data"
for path in /api /api/Spaces-1/projects /api/users/me /api/tasks; do curl -sf -o /dev/null -H "X-Octopus-ApiKey: $KEY" "$URL$path"; done
say "idle: $(awk '/VmRSS/ {print $2}' /proc/$SERVER/status) kB resident, $(awk '/^Pss:/ {print $2}' /proc/$SERVER/smaps_rollup) kB proportional, $(ls /proc/$SERVER/task | wc -l) threads"
for program in bobtail-server bobtail-step bobtail-launcher; do
    strip -o "$W/stripped" "$BIN/$program"
    say "$program: $(stat -c %s "$W/stripped") bytes stripped"
done
