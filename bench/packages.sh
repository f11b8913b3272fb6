#!/bin/bash
# A package of SIZE MiB pushed by curl, beside curl -T of the same file to nginx's WebDAV on the same disk.
#   bench/packages.sh [SIZE [ROUNDS]]      512 MiB, 5 rounds each, in turn
# Prints both rates, their ratio, and how much memory the server held at most. Ours hashes and syncs what it takes.
. "$(dirname "$0")/lib.sh"
SIZE=${1:-512} ROUNDS=${2:-5}

start_nginx() {
    local d=$W/nginx
    mkdir -p "$d/files" "$d/tmp"
    cat >"$d/nginx.conf" <<CONFIG
daemon off;
worker_processes auto;
pid $d/pid;
error_log $d/log;
load_module /usr/lib/nginx/modules/ngx_http_dav_module.so;
events {}
http {
    access_log off;
    client_body_temp_path $d/tmp;
    server {
        listen 127.0.0.1:18081;
        client_max_body_size 0;
        location / { root $d/files; dav_methods PUT DELETE; }
    }
}
CONFIG
    # where the module is built in, it is no file
    [ -e /usr/lib/nginx/modules/ngx_http_dav_module.so ] || sed -i '/^load_module/d' "$d/nginx.conf"
    chmod -R a+rwX "$W"
    nginx -c "$d/nginx.conf" -e "$d/log" &
    track $!
    until curl -so /dev/null http://127.0.0.1:18081/; do read -rt 0.05 <> <(:) || true; done
}

seconds() { curl -sf -o "$W/answer" -w '%{time_total}\n' -H Expect: "$@"; }
peer() {
    seconds -T "$W/Large.1.0.$1.zip" "http://127.0.0.1:18081/$1"
    curl -sf -X DELETE "http://127.0.0.1:18081/$1"
}
ours() { seconds -H "X-Octopus-ApiKey: $KEY" -F "file=@$W/Large.1.0.$1.zip" "$URL/api/Spaces-1/packages/raw?overwriteMode=OverwriteExisting"; }
rate() { sort -g | awk -v mib="$SIZE" '{a[NR] = $1} END {printf "%.0f", mib / a[int((NR + 1) / 2)]}'; }

start_server "$W/data"
start_nginx
head -c "${SIZE}M" /dev/urandom >"$W/Large.1.0.1.zip"
cp "$W/Large.1.0.1.zip" "$W/Large.1.0.0.zip"
peer 0 >/dev/null && ours 0 >/dev/null # both have run once
for _ in $(seq "$ROUNDS"); do
    peer 1 >>"$W/peer"
    ours 1 >>"$W/ours"
done
a=$(rate <"$W/ours") b=$(rate <"$W/peer")
say "package of $SIZE MiB, median of $ROUNDS: $a MiB/s, nginx WebDAV $b MiB/s, ratio $(ratio "$a" "$b")"
awk '/VmHWM/ {printf "most memory held: %.0f MiB\n", $2 / 1024}' "/proc/$SERVER/status"
