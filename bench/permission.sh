#!/bin/bash
# What a permission check costs for a user with 20 restricted scoped user roles: the rule alone, and all that a request
# pays for it, in microseconds.
#   bench/permission.sh [sqlite|postgres]
. "$(dirname "$0")/lib.sh"
make -s "BUILD=${BUILD:-build}" FLAVOUR=release "$OUT"/lib{api,http,engine,fleet,rules,template,store,db,model,schema,jobs,crypt,os,base}.a
gcc -std=gnu11 -O2 -D_GNU_SOURCE -Isrc -I. -pthread -o "$OUT/bench/permission" bench/permission.c -Wl,--start-group \
    "$OUT"/lib{api,http,engine,fleet,rules,template,store,db,model,schema,jobs,crypt,os,base}.a -Wl,--end-group \
    -ljansson -lsqlite3 -lpq -lsodium -lcrypto -lzstd -lmicrohttpd -lm
mkdir -p "$W"
url=sqlite:$W/permission.db
if [ "${1:-sqlite}" = postgres ]; then
    start_postgres
    url=$PG_URL
fi
read -r rule whole < <("$OUT/bench/permission" "$url")
say "permission check on ${1:-sqlite}: the rule $rule us; with the look for newer grants $whole us"
