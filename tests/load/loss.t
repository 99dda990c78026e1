#!/bin/bash
# Objects over udp on bad lines: random loss, bursts, another order, a receiver that
# stands still. Two rounds bring all of them; what one object loses harms no other.
# OBJECTS (default 10000) makes it shorter.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
export BUILD=${BUILD:-build}
. tests/lib/line.sh
line_can || skip_all 'needs root and network namespaces'
[ ! -w /dev/shm ] || line_place=/dev/shm
exec 2>/dev/null
relay=
trap 'kill $relay; line_remove; line_down' EXIT
objects=${OBJECTS:-10000}
line_up || skip_all 'no veth pair with nftables here'

same_bytes() {
	local s=$line_root/var/lib/limpid/spool
	[ -z "$(comm -13 <(cd "$s/link1-out/sent" && sha256sum -- * | cut -c1-64 | sort) \
	    <(cd "$s/link1-in/new" && sha256sum -- * | cut -c1-64 | sort))" ]
}
# cross NAME RULE COUNT SIZE MOST-MISSING SETTING...
cross() {
	local name=$1 rule=$2 count=$3 size=$4 most=$5 missing
	shift 5
	line_host 'rate = "200M"' 'gso = no' 'round_gap = 5' "$@"
	line_recv
	line_loss ${rule:+"$rule"}
	line_send
	line_put "$count" "$size" 0
	line_wait 90 line_has "$count"
	missing=$((count - $(line_arrived)))
	note "$name: $missing of $count missing, $(line_lost) datagrams dropped, $(line_count recovered) symbols recovered, overflow $(line_count overflow)"
	[ "$missing" -le "$most" ]
	ok $? "$name: $most of $count missing at most"
	same_bytes
	ok $? "$name: what came is byte for byte what was sent"
	line_remove
}
cross '1 % loss' 'numgen random mod 100 < 1' "$objects" 20000 0
cross '5 % loss' 'numgen random mod 100 < 5' "$objects" 20000 0
cross '10 % loss' 'numgen random mod 100 < 10' "$objects" 20000 $(((objects - 1) / 1000))
few=$((objects / 10))
cross 'bursts of 40 in 1000, small' 'numgen inc mod 1000 < 40' "$few" 2000 0
cross 'bursts of 40 in 1000' 'numgen inc mod 1000 < 40' "$few" 20000 0
cross 'bursts of 40 in 400, small' 'numgen inc mod 400 < 40' "$few" 2000 0
cross 'bursts of 40 in 400' 'numgen inc mod 400 < 40' "$few" 20000 0
cross 'bursts of 40 in 400, large' 'numgen inc mod 400 < 40' 200 300000 0
cross 'bursts of 40 in 400, one round' 'numgen inc mod 400 < 40' 200 300000 0 'rounds = 1'

# Half of the objects or more are lost at once: the others do not know it.
cross '40 % loss, one round' 'numgen random mod 100 < 40' 500 60000 499 'rounds = 1'

# Another order, repeats and loss.
outside python3 tests/lib/shuffle.py 127.0.0.1 7102 10.99.0.2 7101 5 1 &
relay=$!
sleep 0.5
line_connect=127.0.0.1:7102
cross 'window of 64, 5 % twice, 1 % lost' '' 300 40000 0 'rate = "40M"'
line_connect=
kill $relay; relay=

# A front that stands still five times for 40 ms at a gigabit a second.
line_loss
line_host 'gso = no' 'rounds = 1' 'rate = "1G"'
line_put 150 1000000 0
line_recv
front=$(line_front)
line_send
for i in 1 2 3 4 5; do
	sleep 0.15
	kill -STOP "$front"; sleep 0.04; kill -CONT "$front"
done
line_wait 30 line_has 150
sleep 1.2
note "stalls: $((150 - $(line_arrived))) of 150 missing, overflow $(line_count overflow)"
is "$(line_arrived)" 150 'five stalls of 40 ms at 1 Gb/s cost nothing'
is "$(line_back)" 0 'not one packet came back'
done_testing
