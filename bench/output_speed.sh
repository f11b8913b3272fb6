#!/bin/sh
# Script output to compressed task log chunks on one core (goals.md G8: the part between pipe and database).
# Builds with the release flags into a temporary folder, prints one line per case.
set -eu
cd "$(dirname "$0")/.."
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
${CC:-gcc} -std=gnu11 -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE -pie -pthread -D_GNU_SOURCE -Isrc \
    bench/output_speed.c src/engine/output.c src/engine/output_cursor.c src/engine/masker.c \
    src/engine/service_message.c src/store/log_chunk.c src/base/*.c -ljansson -lzstd -o "$out/output_speed"
"$out/output_speed"
