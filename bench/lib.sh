# Sourced by the benchmarks: a scratch folder, a server of ours, an sshd as peer, numbers in, percentiles out.
# Everything listens on loopback, lies below $W and is stopped by pid at the end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
OUT=${BUILD:-build}/release
BIN=$PWD/$OUT/bin
W=${W:-$(mktemp -d /var/tmp/bobtail-bench.XXXXXX)}
KEY=API-BENCHMARKBENCHMARK00
PIDS=()
track() { PIDS+=("$1"); }
cleanup() {
    for p in "${PIDS[@]:-}"; do [ -z "$p" ] || kill "$p" 2>/dev/null || true; done
    for p in "${PIDS[@]:-}"; do [ -z "$p" ] || wait "$p" 2>/dev/null || true; done
    [ -n "${KEEP:-}" ] || rm -rf "$W"
}
trap cleanup EXIT
say() { printf '%s\n' "$*"; }
now() { date +%s.%N; }
# numbers, one per line -> "p50 p90 p99 min"
percentiles() { sort -g | awk '{a[NR]=$1} END {i=int(NR*.5); j=int(NR*.9); k=int(NR*.99); printf "%.2f %.2f %.2f %.2f\n", a[i?i:1], a[j?j:1], a[k?k:1], a[1]}'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN {printf "%.2f", a / b}'; }

make -s "BUILD=${BUILD:-build}" FLAVOUR=release programs
mkdir -p "$OUT/bench"

# start_server DATA_DIR [OPTIONS...]: sets SERVER (pid) and URL, PORT
start_server() {
    local data=$1; shift
    mkdir -p "$W"
    rm -f "$W/server.log" && touch "$W/server.log" # nothing of the one before
    env -i PATH=/usr/bin:/bin BOBTAIL_ADMIN_API_KEY=$KEY BOBTAIL_ADMIN_PASSWORD=bench "$BIN/bobtail-server" run --data-dir "$data" \
        --http-listen 127.0.0.1:0 --agent-listen 127.0.0.1:0 "$@" >"$W/server.out" 2>>"$W/server.log" &
    SERVER=$!
    track $SERVER
    while ! PORT=$(sed -n 's/.*listens on http:\/\/127.0.0.1:\([0-9]*\).*/\1/p' "$W/server.log") || [ -z "$PORT" ]; do
        kill -0 $SERVER || { cat "$W/server.log" >&2; return 1; }
        read -rt 0.002 <> <(:) || true
    done
    URL=http://127.0.0.1:$PORT
}
stop_server() { kill "${1:--TERM}" $SERVER; wait $SERVER 2>/dev/null || true; }

# start_postgres: a cluster in $W/pg as an ordinary user; sets PG_URL and PGHOST
start_postgres() {
    local bin user=nobody
    bin=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
    mkdir -p "$W/pg"
    chmod 755 "$W"
    chown $user "$W/pg"
    as() { setpriv --reuid=$user --regid=nogroup --clear-groups env HOME="$W/pg" LC_ALL=C "$@"; }
    as "$bin/initdb" -D "$W/pg/data" -A trust -U bench --no-locale -E UTF8 >/dev/null
    as "$bin/postgres" -D "$W/pg/data" -c listen_addresses= -c unix_socket_directories="$W/pg" -c shared_buffers=256MB -c max_wal_size=4GB >"$W/pg.log" 2>&1 &
    track $!
    export PGHOST=$W/pg PGUSER=bench
    until psql -qd postgres -c 'select 1' >/dev/null 2>&1; do read -rt 0.05 <> <(:) || true; done
    psql -qd postgres -c 'create database bobtail'
    PG_URL="postgresql://bench@/bobtail?host=$W/pg"
}

# start_sshd: sets SSH (a command that talks to it over one kept connection, as an account with /bin/sh)
start_sshd() {
    local d=$W/ssh port=22022
    mkdir -p "$d" /run/sshd
    chmod 755 "$W" "$d"
    ssh-keygen -q -t ed25519 -N '' -f "$d/host"
    ssh-keygen -q -t ed25519 -N '' -f "$d/id"
    install -m 644 "$d/id.pub" "$d/authorized"
    id peerbench >/dev/null 2>&1 || useradd -m -s /bin/sh peerbench
    usermod -p '*' peerbench
    cat >"$d/sshd_config" <<CONFIG
Port $port
ListenAddress 127.0.0.1
HostKey $d/host
AuthorizedKeysFile $d/authorized
StrictModes no
PidFile none
UsePAM no
PasswordAuthentication no
MaxSessions 200
UseDNS no
PrintMotd no
PrintLastLog no
CONFIG
    /usr/sbin/sshd -D -e -f "$d/sshd_config" 2>"$d/log" &
    track $!
    SSH="ssh -F /dev/null -p $port -i $d/id -o User=peerbench -o IdentitiesOnly=yes -o UserKnownHostsFile=$d/known -o StrictHostKeyChecking=accept-new -o LogLevel=ERROR -o ControlMaster=auto -o ControlPath=$d/cm -o ControlPersist=300 127.0.0.1"
    until $SSH true 2>/dev/null; do read -rt 0.05 <> <(:) || true; done
}
ssh_latency() { # ssh_latency N: p50 p90 p99 min of `true` over the kept connection, in ms
    for _ in $(seq "$1"); do
        local a b
        a=$(now); $SSH true </dev/null; b=$(now)
        awk -v a="$a" -v b="$b" 'BEGIN {printf "%.3f\n", (b - a) * 1000}'
    done | percentiles
}
. bench/setup_runbook.sh
