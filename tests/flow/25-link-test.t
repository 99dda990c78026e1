#!/bin/bash
# limpid link test on a line that is physically one-way: at MTU 1500 and with large
# frames, over a clean line, one that loses at random, and ones that lose bursts. What it
# measures is what was done to the line, and what it says to configure then loses nothing,
# by parity alone.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
export BUILD=${BUILD:-build}
. tests/lib/line.sh
line_can || skip_all 'needs root and network namespaces'
limpid=$BUILD/bin/limpid
out=$(mktemp -d /tmp/limpid-linktest-XXXXXX)
trap 'line_remove; line_down; rm -rf "$out"' EXIT
says() { grep -q -- "$1" "$out/recv"; ok $? "$2"; }

# What cannot work is said, with what to do.
line_up || skip_all 'no veth pair with nftables here'
outside "$limpid" link test recv 10.99.0.77 7300 >"$out/recv" 2>&1
is $? 74 'an address that is not here'
says 'write the address of this host on that line' 'and what to do'
inside "$limpid" link test recv $line4 7300 >/dev/null 2>&1 & busy=$!
sleep 0.3
inside "$limpid" link test recv $line4 7300 >"$out/recv" 2>&1
is $? 74 'a port that is taken'
says 'stop limpid-diode-recv for the test' 'and what to do'
kill $busy; wait $busy 2>/dev/null
for wrong in '7300 10M nan' '7300 10M 0.2s' '7300 10M 0.2 1472x' '99999 10M 0.2' '0 10M 0.2' '7300 10MB'; do
	outside "$limpid" link test send $line4 $wrong >"$out/recv" 2>&1
	is $? 2 "$wrong is no port, rate, seconds and size"
done
outside "$limpid" link test send $line4 7300 10M 0.2 3000 >"$out/recv" 2>&1
is $? 0 'datagrams that fit no frame are cut by the kernel'

# measure RULE SIZE ADDRESS: the far end's report in $out/recv
measure() {
	local recv
	line_loss ${1:+"$1"}
	inside "$limpid" link test recv "$3" 7300 >"$out/recv" 2>&1 & recv=$!
	sleep 0.3
	outside "$limpid" link test send "$3" 7300 200M 2 "$2" >"$out/send"
	wait $recv
	ok $? "$what: measured"
	sed 's/^/# /' "$out/recv"
}
figure() { sed -n "s/^$1  *\([0-9.]*\).*/\1/p" "$out/recv"; }
between() {	# between LOW VALUE HIGH NAME
	awk "BEGIN { exit !($1 <= $2 && $2 <= $3) }"
	ok $? "$what: $4 is $2"
}
setting() { sed -n "s/^\t$1 = \"\{0,1\}\([0-9]*\).*/\1/p" "$out/recv"; }
# The settings as they were printed, on the same line, with one round. Without gso: a veth
# pair hands many datagrams over as one packet, and the rule would drop it whole.
obey() {
	local settings
	mapfile -t settings < <(grep "^$(printf '\t')" "$out/recv")
	line_host "${settings[@]}" "rounds = ${1-1}" 'round_gap = 2' 'gso = no'
	line_recv 2>/dev/null; line_send 2>/dev/null
	line_put 150 3000 2
	line_put 30 200000 0
	line_put 1 20000000 0
	line_wait 15 line_has 181
	is "$(line_arrived)" 181 "$what: so configured nothing is lost"
	note "missing $(line_count missing) recovered $(line_count recovered)"
	line_remove 2>/dev/null
}

for mtu in 1500 9000; do
	line_down; line_up $mtu
	size=$((mtu - 28))
	what="mtu $mtu, clean"
	measure '' $size $line4
	between 150 "$(figure 'line rate')" 205 'the line rate'
	between 0 "$(figure loss)" 0 'the loss in per cent'
	is "$(setting mtu) $(setting parity) $(setting interleave)" "$mtu 16 4" "$what: the settings"
	between 120 "$(setting rate)" 164 'the rate to configure'
	what="mtu $mtu, 1 % at random"
	measure 'numgen random mod 100 < 1' $size $line4
	between 0.4 "$(figure loss)" 1.8 'the loss in per cent'
	between 1 "$(sed -n 's/.*longest \([0-9]*\)$/\1/p' "$out/recv")" 4 'the longest burst'
	obey
	what="mtu $mtu, bursts of 40"
	measure 'numgen inc mod 2000 < 40' $size $line4
	between 1.2 "$(figure loss)" 2.8 'the loss in per cent'
	says '33-64:[1-9][0-9]*  longest 40$' "$what: their length and number"
	is "$(setting parity) $(setting interleave)" '16 5' "$what: interleave for twice of it"
	obey
done
what='bursts of 300'
line_down; line_up 1500
measure 'numgen inc mod 9000 < 300' 1472 $line4
says 'longest 300$' "$what: their length"
is "$(setting parity) $(setting interleave)" '24 25' "$what: more parity and interleave"
says 'a small mail that is alone on the line then waits for the next round' "$what: and what that does not repair"
obey 2
what='over IPv6'
measure '' 1452 $line6
is "$(setting mtu)" 1500 "$what: the mtu"
is "$(line_back)" 0 'no packet came back'
done_testing
