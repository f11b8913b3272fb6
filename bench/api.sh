#!/bin/bash
# The API as its clients feel it: one resource, a page of 100 workers out of N, many clients at once.
# Peer: nginx with a static file of the same size, in the same run.
#   bench/api.sh [N]      N: workers in the space, 10000
. "$(dirname "$0")/lib.sh"
workers=${1:-10000}
seconds=${SECONDS_EACH:-4}

start_server "$W/data"
header=(-H "X-Octopus-ApiKey: $KEY")

# One process and one connection for all of them.
create_workers() {
    local pool
    pool=$(curl -sf "${header[@]}" "$URL/api/Spaces-1/workerpools/all" | jq -r '.[0].Id')
    for i in $(seq "$workers"); do
        [ "$i" = 1 ] || echo next
        printf 'silent\nfail\noutput = /dev/null\nheader = "X-Octopus-ApiKey: %s"\nurl = "%s/api/Spaces-1/workers"\n' "$KEY" "$URL"
        printf 'data = "{\\"Name\\":\\"worker %05d\\",\\"WorkerPoolIds\\":[\\"%s\\"],\\"Endpoint\\":{\\"CommunicationStyle\\":\\"TentaclePassive\\",\\"Uri\\":\\"https://host%05d:10933/\\",\\"Thumbprint\\":\\"%040d\\"}}"\n' "$i" "$pool" "$i" "$i"
    done >"$W/create"
    curl -K "$W/create"
}

start_nginx() { # FILE: sets NGINX_URL
    local port=18088
    cat >"$W/nginx.conf" <<CONFIG
worker_processes auto;
pid $W/nginx.pid;
error_log $W/nginx.log;
daemon off;
events {}
http { access_log off; keepalive_requests 1000000; server { listen 127.0.0.1:$port; root $W/www; } }
CONFIG
    mkdir -p "$W/www"
    chmod 755 "$W" "$W/www"
    cp "$1" "$W/www/file.json"
    chmod 644 "$W/www/file.json"
    nginx -c "$W/nginx.conf" &
    track $!
    NGINX_URL=http://127.0.0.1:$port/file.json
    until curl -sf -o /dev/null "$NGINX_URL"; do read -rt 0.05 <> <(:) || true; done
}

measure() { # NAME CONNECTIONS URL
    wrk -t1 -c"$2" -d"${seconds}s" --latency "${header[@]}" "$3" |
        awk -v name="$1" -v c="$2" '/50%/ {p50=$2} /99%/ {p99=$2} /Requests\/sec/ {r=$2} /Non-2xx/ {bad=", " $0}
            END {printf "%s, %d connection%s: p50 %s, p99 %s, %s requests/s%s\n", name, c, c==1?"":"s", p50, p99, r, bad}'
}

create_workers
one=$(curl -sf "${header[@]}" "$URL/api/Spaces-1/workers?take=1" | jq -r '.Items[0].Links.Self')
curl -sf "${header[@]}" "$URL$one" -o "$W/one.json"
start_nginx "$W/one.json"
for connections in 1 32; do
    measure "one worker" $connections "$URL$one"
    measure "nginx, file of $(stat -c %s "$W/one.json") bytes" $connections "$NGINX_URL"
done
measure "100 workers of $workers" 1 "$URL/api/Spaces-1/workers?take=100&skip=5000"
measure "a name among $workers" 1 "$URL/api/Spaces-1/workers?name=worker%2007777"
measure "part of a name among $workers" 1 "$URL/api/Spaces-1/workers?partialName=0777&take=100"
