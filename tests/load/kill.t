#!/bin/bash
# kill -9 of both ends at random moments while objects cross over udp: after the rounds
# none is missing and none came twice. First the receiver runs as under systemd, which
# keeps its socket while it is started again, and kills fall into both rounds. Then its
# socket dies with it, and the second round heals what came meanwhile. OBJECTS and KILLS
# make it shorter.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
export BUILD=${BUILD:-build}
. tests/lib/line.sh
line_can || skip_all 'needs root and network namespaces'
[ ! -w /dev/shm ] || line_place=/dev/shm
exec 2>/dev/null
trap 'line_remove; line_down' EXIT
objects=${OBJECTS:-10000} kills=${KILLS:-200}
line_up || skip_all 'no veth pair with nftables here'
came() { ls "$line_root/var/lib/limpid/spool/link1-in/new" | grep -o 'LM-[0-9A-Z-]*' | sort; }
waiting() { find "$line_root"/var/lib/limpid/spool/link1-out/{new,work} -type f | wc -l; }
in_flight() { [ "$(waiting)" -gt 0 ]; }

# kill_all RECEIVER: as many kills as objects are fed, evenly, each while some cross.
kill_all() {
	local i share putter
	least=$objects most=0
	for i in $(seq "$kills"); do
		share=$((objects * i / kills - objects * (i - 1) / kills))
		line_put $share 5000 10 &
		putter=$!
		line_wait 5 in_flight
		sleep "0.$((RANDOM % 3))$((RANDOM % 10))"
		share=$(line_arrived)
		[ "$share" -gt $least ] || least=$share
		[ "$share" -lt $most ] || most=$share
		if [ $((i % 2)) = 0 ]; then
			line_kill KILL diode-send-1
			line_send
		else
			line_kill KILL diode-recv-1
			[ "$1" = line_recv_kept ] || "$1"
		fi
		wait $putter
	done
}
# endure NAME RECEIVER ROUND-GAP
endure() {
	local start
	line_host 'rate = "200M"' 'gso = no' "round_gap = $3"
	"$2"
	line_send
	start=$SECONDS
	kill_all "$2"
	note "$1: $kills kills in $((SECONDS - start)) s, from $least to $most of $objects objects had arrived"
	sleep 2
	note "$1: $((objects - $(line_arrived))) missing before the last second round"
	line_wait $(($3 + 60)) line_has "$objects"
	# What the last second round repeats.
	[ $((start + $3 + 10)) -lt $SECONDS ] || sleep $((start + $3 + 10 - SECONDS))
	[ "$3" -gt 60 ] || sleep $(($3 + 2))
	is "$(comm -23 <(sort "$line_top/refs") <(came) | wc -l)" 0 "$1: none of them is missing after the rounds"
	is "$(came | uniq -d | wc -l)" 0 "$1: none is doubled"
	is "$(came | wc -l)" "$objects" "$1: nothing else came"
	is "$(waiting)" 0 "$1: nothing waits"
	[ "$most" -ge $((objects * 9 / 10)) ] || [ "$2" = line_recv ]
	ok $? "$1: the kills fell on all of them"
}
endure 'socket kept' line_recv_kept 20
note "started $(grep -c 'goes on with the socket' "$line_top/recv.log") times with the kept socket"
is "$(grep -c '^kept' "$line_top/recv.log")" 1 'one socket was enough'
line_remove
# Longer than the kills last.
endure 'socket lost' line_recv $((30 + kills * 3 / 2))
is "$(grep -c 'goes on with the socket' "$line_top/recv.log")" 0 'no socket was kept'
is "$(line_back)" 0 'not one packet came back'
done_testing
