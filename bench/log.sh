#!/bin/bash
# G8 and G8c: one script prints 2 million lines of 68 bytes; from its start to the committed, masked task log. Peer: the same
# bytes through `ssh cat` into a file, in this run. Then the first page of an 18 MB log (200,000 lines).
. "$(dirname "$0")/lib.sh"
gcc -std=gnu11 -O2 -D_GNU_SOURCE -o "$OUT/bench/dispatch" bench/dispatch.c
start_sshd
awk 'BEGIN {for (i = 0; i < 2000000; i++) printf "%08d 2026-11-23T20:00:00Z INFO step output line of sixty-seven byte\n", i}' >"$W/lines"
head -n 200000 "$W/lines" | awk '{print $0, "and twenty more bytes"}' >"$W/page"
chmod 644 "$W/lines" "$W/page"
size=$(stat -c %s "$W/lines")
start_server "$W/data"
make_runbook "$URL" $KEY Lines "" "cat $W/lines"
make_runbook "$URL" $KEY Page "" "cat $W/page"
run() { "$OUT/bench/dispatch" "$PORT" $KEY "$1" Run "$1" "$2" 1; }
for round in 1 2 3; do
    a=$(now); $SSH "cat $W/lines" >"$W/copy"; b=$(now)
    peer=$(awk -v s="$size" -v a="$a" -v b="$b" 'BEGIN {printf "%.0f", s / 1e6 / (b - a)}')
    ms=$(run Lines 1 | jq .p50_ms)
    ours=$(awk -v s="$size" -v t="$ms" 'BEGIN {printf "%.0f", s / 1e3 / t}')
    say "G8 round $round: ssh cat $peer MB/s; ours $ours MB/s; ratio $(ratio "$ours" "$peer")"
done
run Page 1 >/dev/null
task=$(curl -sf -H "X-Octopus-ApiKey: $KEY" "$URL/api/tasks?take=1" | jq -r '.Items[0].Id')
for _ in $(seq 50); do
    curl -sf -o /dev/null -w '%{time_total}\n' -H "X-Octopus-ApiKey: $KEY" "$URL/api/tasks/$task/details?verbose=true&tail=100" | awk '{print $1 * 1000}'
done | percentiles | { read -r p50 p90 _; say "G8c: first page (details, tail=100) of $(stat -c %s "$W/page") bytes: p50 $p50 ms, p90 $p90 ms"; }
