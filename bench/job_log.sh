#!/bin/bash
# A script's output into the job's log and out of it again (the first part of G8).
. "$(dirname "$0")/lib.sh"
gcc -std=gnu11 -O2 -D_GNU_SOURCE -Isrc bench/job_log.c "$OUT/libjobs.a" "$OUT/libcrypt.a" "$OUT/libos.a" "$OUT/libbase.a" \
    -ljansson -lsodium -lcrypto -pthread -o "$OUT/bench/job_log"
"$OUT/bench/job_log" "$BIN/bobtail-launcher" "$W/root"
