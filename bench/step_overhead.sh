#!/bin/bash
# What bobtail-step adds to the start of a Bash script, beside plain bash in the same run. Goal: below 1 ms for a script
# that asks for no variable.
#     bench/step_overhead.sh [ROUNDS]
set -euo pipefail
cd "$(dirname "$0")/.."
build=${BUILD:-build}/release
make BUILD="${BUILD:-build}" "$build/bin/bobtail-step" >/dev/null
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${CC:-gcc}" -std=gnu11 -O2 -Isrc -D_GNU_SOURCE bench/step_overhead.c -o "$folder/step_overhead" \
    -Wl,--start-group "$build"/lib{template,crypt,os,base}.a -Wl,--end-group -ljansson -lsodium -lcrypto -pthread
"$folder/step_overhead" "$(readlink -f "$build/bin/bobtail-step")" "$folder" "${1:-300}"
echo "bobtail-step, stripped: $(strip -o "$folder/stripped" "$build/bin/bobtail-step" && stat -c %s "$folder/stripped") bytes"
