#!/bin/bash
# What one small GET costs on a keep-alive connection: the hand-over poller -> worker -> poller and back.
#   bench/http_get.sh [URL]     without URL: a server of its own with one constant answer
# With a URL, API_KEY is sent when it is set. Prints latency with 1 connection, throughput with 32.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${BUILD:-build}/release
if [ $# -ge 1 ]; then
    url=$1
else
    make -s "BUILD=${BUILD:-build}" FLAVOUR=release "$out/libhttp.a" "$out/libcrypt.a" "$out/libos.a" "$out/libbase.a" "$out/bench/http_get.o"
    gcc -pie -pthread -o "$out/bench/http_get" "$out/bench/http_get.o" -Wl,--start-group "$out"/lib{http,crypt,os,base}.a -Wl,--end-group -lmicrohttpd -lgnutls -ljansson -lsodium -lcrypto
    coproc server { "$out/bench/http_get"; }
    server_pid=$server_PID
    read -r port <&"${server[0]}"
    url=http://127.0.0.1:$port/
fi
header=()
[ -n "${API_KEY:-}" ] && header=(-H "X-Octopus-ApiKey: $API_KEY")
if [ -n "${server_pid:-}" ]; then awk '/VmRSS/ {print "idle RSS: " $2 " KiB"}' "/proc/$server_pid/status"; fi
for connections in 1 32; do
    wrk -t1 -c$connections -d${SECONDS_EACH:-4}s --latency "${header[@]}" "$url" |
        awk -v c=$connections '/50%/ {p50=$2} /99%/ {p99=$2} /Requests\/sec/ {r=$2} /Non-2xx/ {bad=$0}
            END {printf "%d connection%s: p50 %s, p99 %s, %s requests/s %s\n", c, c==1?"":"s", p50, p99, r, bad}'
done
