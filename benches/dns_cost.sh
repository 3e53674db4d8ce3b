#!/usr/bin/env bash
# What a scan costs the client, next to the kernel's own price and to massdns, side by side from one run.
#
#   benches/dns_cost.sh [NAMES [ROUNDS]]        (200000 and 5 by default)
#
# Starts NSD on a loopback port with a zone in which every name exists, three quarters of the names have MX records as in real lists (of one to
# five hosts; MX=no: none has) and none publishes a policy, and asks three questions for each name: MX, TXT at _mta-sts and TXT at _smtp._tls.
# The clients take turns, so that whatever else the machine does hits all alike:
#   floor    a loop of sendmmsg and recvmmsg that reads nothing of what it receives (benches/floor.rs)
#   massdns  -o J -s 500 --rcvbuf 4000000, once for MX and once for TXT; left out where it is not installed
#   stscan   the whole scan: list, DNS, evidence, judgement, Parquet, manifest
# CPU is user and system time of the client together. Needs nsd, awk, cargo, and massdns to compare with it; NSD, MASSDNS, STSCAN and PORT may
# be set.
set -euo pipefail
cd "$(dirname "$0")/.."
names=${1:-200000} rounds=${2:-5} port=${PORT:-5399}
nsd=${NSD:-$(PATH=$PATH:/usr/sbin:/usr/local/sbin command -v nsd || true)} massdns=${MASSDNS:-$(command -v massdns || true)}
[ -x "$nsd" ] || { echo "dns_cost: nsd is not installed; set NSD to its path" >&2; exit 2; }
clients="floor massdns stscan"
[ -x "$massdns" ] || { echo "dns_cost: massdns is not installed (MASSDNS may name its path), and is left out" >&2; clients="floor stscan"; }
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT

stscan=${STSCAN:-}
if [ -z "$stscan" ]; then
    cargo build --release --quiet --bin stscan
    stscan=$(cargo metadata --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/release/stscan
fi
floor=$(cargo bench --quiet --bench floor --no-run --message-format json | sed -n 's/.*"name":"floor".*"executable":"\([^"]*\)".*/\1/p' | tail -1)

cat > "$work/zone" <<'ZONE'
. 3600 IN SOA ns. hostmaster. 1 7200 3600 1209600 300
. 3600 IN NS ns.
ns. 3600 IN A 127.0.0.1
* 3600 IN A 192.0.2.1
ZONE
# The names of 15 of the 20 top-level domains below: providers with one, two and five hosts, and hosts of their own.
[ "${MX:-yes}" = no ] || awk 'BEGIN {
    tlds = split("com net org de uk co.uk fr nl info io ru br.com com.br it pl", tld, " ")
    for (at = 1; at <= tlds; at++) {
        hosts = at % 5 == 0 ? 5 : 1 + at % 2
        for (host = 1; host <= hosts; host++) print "*." tld[at] ". 3600 IN MX " host * 10 " mx" host "." (at % 3 ? "provider" at ".example" : "mail-of-" tld[at]) "."
    }
}' >> "$work/zone"
cat > "$work/nsd.conf" <<CONF
server:
  ip-address: 127.0.0.1@$port
  server-count: 1
  username: ""
  chroot: ""
  zonesdir: "$work"
  database: ""
  pidfile: "$work/nsd.pid"
  logfile: "$work/nsd.log"
  xfrdfile: "$work/xfrd.state"
  zonelistfile: "$work/zone.list"
  receive-buffer-size: 4194304
  send-buffer-size: 4194304
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: "."
  zonefile: "zone"
CONF
awk -v names="$names" 'BEGIN {
    srand(1)
    tlds = split("com net org de uk co.uk fr nl info io ru br.com com.br it pl eu ch jp co.jp ca", tld, " ")
    heads = split("b c d f g h k l m n p r s t v w z st tr br sh ch", head, " ")
    tails = split("a e i o u ai ea io ou an en in on er ar or al el ing est", tail, " ")
    for (name = 0; name < names; name++) {
        text = ""
        for (left = 2 + int(rand() * 3); left > 0; left--) text = text head[1 + int(rand() * heads)] tail[1 + int(rand() * tails)]
        print text name "." tld[1 + int(rand() * tlds)]
    }
}' > "$work/list"
awk '{ print "_mta-sts." $0; print "_smtp._tls." $0 }' "$work/list" > "$work/txt"
head -1 "$work/list" > "$work/one"
echo "127.0.0.1:$port" > "$work/resolvers"

"$nsd" -d -c "$work/nsd.conf" > "$work/nsd.out" 2>&1 &
server=$!
for attempt in $(seq 50); do
    "$floor" "127.0.0.1:$port" "$work/one" 2> /dev/null && break
    [ "$attempt" -lt 50 ] || { echo "dns_cost: NSD does not answer:" >&2; cat "$work/nsd.out" "$work/nsd.log" >&2; exit 1; }
    sleep 0.1
done

# Adds the CPU time of a command, in microseconds a domain, to the figures of a client.
cost() {
    local client=$1 TIMEFORMAT='%U %S'
    shift
    { time "$@" > "$work/out" 2> "$work/err"; } 2> "$work/time" || { echo "dns_cost: $1 failed:" >&2; cat "$work/err" >&2; exit 1; }
    awk -v names="$names" '{ printf "%.3f\n", ($1 + $2) * 1e6 / names }' "$work/time" >> "$work/$client"
}
# The most memory that a program has had so far, in kilobytes, for as long as it runs; Linux alone says it.
watch_peak() {
    local peak
    while peak=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$1/status" 2> /dev/null) && [ -n "$peak" ]; do
        echo "$peak" >> "$work/peak"
        sleep 0.1
    done
}
lookups() {
    "$massdns" --root -q -r "$work/resolvers" -o J -s 500 --rcvbuf 4000000 -t MX -w "$work/mx.json" "$work/list"
    "$massdns" --root -q -r "$work/resolvers" -o J -s 500 --rcvbuf 4000000 -t TXT -w "$work/txt.json" "$work/txt"
}
for round in $(seq "$rounds"); do
    cost floor "$floor" "127.0.0.1:$port" "$work/list"
    [ ! -x "$massdns" ] || cost massdns lookups
    rm -rf "$work/dataset"
    # A zone in which every name exists looks like a resolver that invents answers, so it has to be trusted.
    cost stscan "$stscan" scan "$work/list" --resolver "127.0.0.1:$port" --trust-resolvers --rate 0 -o "$work/dataset" --progress none
done
# Once more, not timed: who watches takes time of its own.
rm -rf "$work/dataset"
"$stscan" scan "$work/list" --resolver "127.0.0.1:$port" --trust-resolvers --rate 0 -o "$work/dataset" --progress none > /dev/null 2> "$work/err" &
scan=$!
watch_peak $scan
wait $scan || { echo "dns_cost: the scan failed:" >&2; cat "$work/err" >&2; exit 1; }

median() { sort -n "$work/$1" | awk '{ figure[NR] = $1 } END { print NR ? (figure[int((NR + 1) / 2)] + figure[int(NR / 2) + 1]) / 2 : 0 }'; }
echo "$names names, 3 questions each, $rounds rounds; $(uname -sr), $(nproc) cores, $(date -u +%Y-%m-%d)"
printf '| client | CPU a domain, median | least to most | to the floor | to massdns |\n|---|---|---|---|---|\n'
touch "$work/massdns"
for client in $clients; do
    sort -n "$work/$client" | awk -v client=$client -v median="$(median $client)" -v floor="$(median floor)" -v massdns="$(median massdns)" '
        NR == 1 { least = $1 } { most = $1 }
        END { printf "| %s | %.1f µs | %.1f to %.1f µs | %.2f | %s |\n", client, median, least, most, median / floor, massdns > 0 ? sprintf("%.2f", median / massdns) : "not run" }'
done
printf 'peak memory of a scan: %.0f MB; bytes per row: %.1f\n' \
    "$(sort -n "$work/peak" | tail -1 | awk '{ print $1 * 1024 / 1e6 }')" "$(du -bc "$work"/dataset/domains/*.parquet | awk -v names="$names" 'END { print $1 / names }')"
rows=$(sed -n 's/.*"rows": *\([0-9]*\).*/\1/p' "$work/dataset/manifest.json" | head -1)
echo "rows of the last scan: $rows; unknown among them: $(grep -c '"unknown": *[1-9]' "$work/dataset/manifest.json" || true) states"
