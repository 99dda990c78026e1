#!/bin/bash
# PROTOCOL.md is enough: an implementation made from it alone (tests/lib/second_link.py)
# understands the fixtures, sends to the real receiver and receives from the real
# sender, on a line that is physically one-way and loses datagrams. LONG=1: a minute
# longer, for the sender's history.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=$(cd "${BUILD:-build}" && pwd)
. tests/lib/tap.sh
. tests/lib/line.sh
second=$PWD/tests/lib/second_link.py
check() { local what=$1; shift; "$@" >/dev/null 2>&1; ok $? "$what"; }
/usr/bin/python3 "$second" fixtures tests/unit/diode/datagrams.txt \
    tests/unit/diode/frames.txt >/tmp/second$$
take_tap /tmp/second$$
rm -f /tmp/second$$
if ! line_can; then
	note 'the line was not tried: it needs root and network namespaces'
	done_testing
fi
trap 'line_remove; line_down' EXIT
line_up || { ok 1 'a line'; done_testing; }
state() { echo "$line_root/var/lib/limpid/$1"; }
healed() { ! [ -s "$(state link/1-recv/gaps)" ]; }
sums() { (cd "$1" && sha256sum -- * | cut -c1-64 | sort); }

# The second one sends, a tenth of its sources lost and number 5 left out.
line_host 'rounds = 1' 'rate = "400M"'
line_recv
line_put 12 3000 0; line_put 4 300000 0; line_put 1 2000000 0
new=$(state spool/link1-out/new)
outside /usr/bin/python3 "$second" send --lose 10 --leave-out 5 --beat 5 \
    "$line_top/state" "$line_root" $line4:7101 "$new"/* &
check 'the real receiver files all that the second sender sent' line_wait 15 line_has 16
check 'a number that was left out is a gap' line_wait 10 \
    grep -q 'ALARM: sequence 5 never came' "$line_top/recv.log"
wait $!
is "$("$BUILD/bin/limpid" slip --root "$line_root" | grep -o 'LR-[0-9A-Z-]*' |
    xargs /usr/bin/python3 "$second" slip)" '1 5 1' 'its slip says so to the second one'
[ "$(line_count recovered)" -gt 0 ]
ok $? "what was lost was recovered ($(line_count recovered) symbols)"
is "$(line_count forged)-$(line_count contradictory)-$(line_count foreign)" 0-0-0 \
    'no datagram was found wrong'
! grep -E 'ALARM: (the chain|what came|the sender has another)|seq=.* refused' "$line_top/recv.log"
ok $? 'nor any header, history or setting'
outside /usr/bin/python3 "$second" send --only 5 --beat 1.5 "$line_top/state" "$line_root" $line4:7101
check 'sent again, after a start, it heals the gap' line_wait 10 line_has 17
check 'and nothing is missing' line_wait 5 healed
cmp -s <(sums "$new") <(sums "$(state spool/link1-in/new)")
ok $? 'every parcel came as it was'
is "$(line_back)" 0 'no packet came back'
line_remove

# The second one receives, and loses a tenth of all.
line_host 'rounds = 1' 'rate = "100M"'
mkdir -m 777 "$line_top/out"
line_put 12 3000 0; line_put 4 300000 0; line_put 1 2000000 0
inside /usr/bin/python3 "$second" recv "$line_root" $line4:7101 "$line_top/out" 17 25 \
    --lose 10 >"$line_top/said" &
listener=$!
sleep 0.7
line_send
wait $listener
sed 's/^/# /' "$line_top/said"
is "$(sed -n 's/^objects //p' "$line_top/said")" 17 'it decodes all that the real sender sent'
is "$(sed -n 's/^wrong //p' "$line_top/said")" none 'and finds nothing wrong with any of it'
[ "$(sed -n 's/.* recovered //p' "$line_top/said")" -gt 0 ]
ok $? 'by the parities of what was lost'
is "$(sed -n '/^chain\|^config/p' "$line_top/said" | paste -sd,)" \
    'chain whole,config same' 'chain and settings are as they should be'
cmp -s <(sums "$line_top/out") <(sums "$(state spool/link1-out/sent)")
ok $? 'every parcel came as it was'
# A slip that the second one writes is served by the real sender.
rm "$line_top"/out/*
inside /usr/bin/python3 "$second" recv "$line_root" $line4:7101 "$line_top/out" 2 12 >"$line_top/said" &
listener=$!
sleep 0.7
"$BUILD/bin/limpid" resend --root "$line_root" "$(/usr/bin/python3 "$second" slip 1 3 2)" >/dev/null
wait $listener
is "$(ls "$line_top/out" | paste -sd' ')" '3 4' 'a slip of the second one brings what it names'
if [ -n "${LONG-}" ]; then
	# A history comes each minute; these objects came under its headers.
	inside /usr/bin/python3 "$second" recv --history "$line_root" $line4:7101 \
	    "$line_top/out" 2 70 >"$line_top/said" &
	listener=$!
	sleep 0.7
	"$BUILD/bin/limpid" resend --root "$line_root" "$(/usr/bin/python3 "$second" slip 1 3 2)" >/dev/null
	wait $listener
	is "$(sed -n 's/^history //p' "$line_top/said")" same 'and the history names their headers'
fi
is "$(line_back)" 0 'no packet came back'
done_testing
