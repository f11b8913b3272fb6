#!/bin/bash
# G11: the rate at which scripts are started does not fall while the server holds 512 MiB.
# ROUNDS (5) and JOBS per round (200) may be set.
. "$(dirname "$0")/lib.sh"
gcc -std=gnu11 -O2 -D_GNU_SOURCE -Isrc bench/g11_spawn.c "$OUT/libjobs.a" "$OUT/libcrypt.a" "$OUT/libos.a" "$OUT/libbase.a" \
    -ljansson -lsodium -lcrypto -pthread -o "$OUT/bench/g11_spawn"
"$OUT/bench/g11_spawn" "$BIN/bobtail-launcher" "$W/root" "${ROUNDS:-5}" "${JOBS:-200}"
