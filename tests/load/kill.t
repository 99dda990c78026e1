#!/bin/bash
# kill -9 of both ends at random moments while objects cross over udp: after the rounds
# none is missing and none came twice. The receiver runs as under systemd, which keeps
# its socket while it is started again. OBJECTS and KILLS make it shorter.
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
line_host 'rate = "200M"' 'gso = no' 'round_gap = 20'
line_recv_kept
line_send
line_put "$objects" 5000 4 &
putter=$!
for i in $(seq "$kills"); do
	sleep "0.$((RANDOM % 8))$((RANDOM % 10))"
	if [ $((i % 2)) = 0 ]; then
		line_kill KILL diode-send-1
		line_send
	else
		line_kill KILL diode-recv-1
	fi
done
note "$kills kills, $(line_arrived) objects had arrived by then"
wait $putter
line_wait 90 line_has "$objects"
# The last second round, and what it repeats.
sleep 22
spool=$line_root/var/lib/limpid/spool
came() { ls "$spool/link1-in/new" | grep -o 'LM-[0-9A-Z-]*' | sort; }
is "$(comm -23 <(sort "$line_top/refs") <(came) | wc -l)" 0 'none of them is missing after the rounds'
is "$(came | uniq -d | wc -l)" 0 'none is doubled'
is "$(came | wc -l)" "$objects" 'nothing else came'
is "$(find "$spool/link1-out/new" "$spool/link1-out/work" -type f | wc -l)" 0 'nothing waits'
note "started $(grep -c 'goes on with the socket' "$line_top/recv.log") times with the kept socket"
is "$(grep -c '^kept' "$line_top/recv.log")" 1 'one socket was enough'
is "$(line_back)" 0 'not one packet came back'
grep -h ALARM "$line_top/recv.log" | head -n 3 | sed 's/^/# /'
done_testing
