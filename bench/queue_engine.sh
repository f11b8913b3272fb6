#!/bin/bash
# G2b: the queue engine without scripts (SQLite): enqueue + claim + finish, each fsynced before it is acknowledged, 8 clients.
# Peer in the same run: the same cycle in PostgreSQL by SKIP LOCKED, 8 clients of pgbench.
. "$(dirname "$0")/lib.sh"
gcc -std=gnu11 -O2 -D_GNU_SOURCE -Isrc -pthread -o "$OUT/bench/queue_engine" bench/queue_engine.c -Wl,--start-group \
    "$OUT"/lib{store,db,model,schema,crypt,os,base}.a -Wl,--end-group -ljansson -lsqlite3 -lpq -lsodium -lcrypto -lzstd
start_postgres
psql -qd postgres -c "create table task(id bigserial primary key, state int not null default 0, pool int not null default 1, body text, owner int, t timestamptz default now())" \
    -c "create index on task(pool, id) where state = 0"
cat >"$W/cycle.sql" <<'SQL'
insert into task(body) values(repeat('x', 256));
update task set state = 1, owner = :client_id where id = (select id from task where state = 0 and pool = 1 order by id for update skip locked limit 1) returning id \gset
update task set state = 2 where id = :id;
SQL
for round in 1 2 3; do
    # a few rows more than clients, so that a claim always finds one
    psql -qd postgres -c 'truncate task' -c "insert into task(body) select repeat('x', 256) from generate_series(1, 100)" -c 'vacuum analyze task' -c checkpoint
    peer=$(pgbench -n -M prepared -f "$W/cycle.sql" -c 8 -j 2 -T 5 postgres 2>/dev/null | awk '/^tps/ {printf "%.0f", $3}' || true)
    ours=$("$OUT/bench/queue_engine" "sqlite:$W/queue$round.db" 5)
    say "G2b round $round: PostgreSQL cycle $peer/s; ours on SQLite $ours/s; ratio $(ratio "$ours" "$peer")"
done
