#!/bin/bash
# kill -9 of both ends at random moments while objects cross over udp: none is missing in
# the end and none came twice. First the receiver's socket dies with it, and the second
# round heals all that came meanwhile. Then it runs as under systemd, which keeps the
# socket, and kills fall into both rounds: what a kill met in each of them is known, and
# a slip brings it. OBJECTS and KILLS make it shorter.
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
# endure NAME RECEIVER ROUND-GAP: and both rounds of the last object
endure() {
	local start=$SECONDS
	line_host 'rate = "200M"' 'gso = no' "round_gap = $3"
	cp "$BUILD"/bin/limpid-{slip,resend} "$line_top/bin/"
	"$2"
	line_send
	kill_all "$2"
	note "$1: $kills kills in $((SECONDS - start)) s, from $least to $most of $objects objects had arrived"
	sleep 2
	note "$1: $((objects - $(line_arrived))) missing when they were over"
	line_wait $(($3 + 30)) line_has "$objects"
	[ "$3" -gt 60 ] || sleep $(($3 + 2))
	missing=$((objects - $(line_arrived)))
	note "$1: $missing missing after the rounds"
}
judge() {
	is "$(comm -23 <(sort "$line_top/refs") <(came) | wc -l)" 0 "$1: none of them is missing"
	is "$(came | uniq -d | wc -l)" 0 "$1: none is doubled"
	is "$(came | wc -l)" "$objects" "$1: nothing else came"
	is "$(waiting)" 0 "$1: nothing waits"
	[ "$most" -ge $((objects * 8 / 10)) ]
	ok $? "$1: the kills fell on all of them"
}
told() { [ "$(sed -n 's/^missing //p' "$line_root/var/lib/limpid/link/1-recv/status")" = "$missing" ]; }
heal() {
	local slip
	for slip in $("$line_top/bin/limpid-slip" --root "$line_root" | sed 's/.* //'); do
		note "$slip"
		"$line_top/bin/limpid-resend" --root "$line_root" "$slip" >/dev/null
	done
	line_wait 10 line_has "$objects"
}

# The second round comes when the kills are over.
endure 'socket lost' line_recv $((30 + kills * 3 / 2))
is "$missing" 0 'socket lost: the second round heals what the first lost'
judge 'socket lost'
is "$(grep -c 'goes on with the socket' "$line_top/recv.log")" 0 'no socket was kept'
line_remove

endure 'socket kept' line_recv_kept 20
line_wait 10 told
ok $? 'socket kept: what two kills met is known'
[ "$missing" -le $((objects / 100)) ]
ok $? 'socket kept: and is little'
[ "$missing" = 0 ] || heal
judge 'socket kept'
note "started $(grep -c 'goes on with the socket' "$line_top/recv.log") times with the kept socket"
is "$(grep -c '^kept' "$line_top/recv.log")" 1 'one socket was enough'
is "$(line_back)" 0 'not one packet came back'
done_testing
