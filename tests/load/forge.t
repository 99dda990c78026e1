#!/bin/bash
# A million datagrams that are forged, cut, longer, under another key or have one bit
# turned reach the receiver beside real mail, whose own datagrams come in another order,
# some twice and some never: none of the forged is taken, memory stays as it is, and the
# mail arrives. FORGED makes it shorter or longer; BUILD=build/san has both programs
# under the sanitizers.
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
forged=${FORGED:-1000000} rate=40000 growth=4096
# As much mail as there are seconds for.
mails=$((forged / rate * 4)) pause=250
[ $mails -ge 2000 ] || { mails=2000; pause=$((forged / rate / 2)); }
case $BUILD in */san) growth=65536 ASAN_OPTIONS=quarantine_size_mb=16; export ASAN_OPTIONS ;; esac
line_up || skip_all 'no veth pair with nftables here'
outside python3 tests/lib/shuffle.py 127.0.0.1 7102 10.99.0.2 7101 5 1 &
relay=$!
line_connect=127.0.0.1:7102
line_host 'rate = "40M"' 'gso = no' 'round_gap = 4'
line_recv
line_send
# Once around the ring, so that its pages are there.
line_put 50 1000000 0
line_wait 60 line_has 50
memory() { cat "/proc/$(line_pid diode-recv-1)/status" "/proc/$(line_front)/status" |
    awk '/^VmRSS/ { n += $2 } END { print n }'; }
received() { inside cat /sys/class/net/vi/statistics/rx_packets; }
sleep 1.2
before=$(memory)
line_put $mails 5000 $pause &
putter=$!
outside nice "$BUILD/tools/forger" "$line_root/etc/limpid/keys/link1-udp.key" \
    10.99.0.2 7101 "$forged" $rate >"$line_top/forged"
is "$(cat "$line_top/forged")" "$forged" 'so many were sent'
wait $putter
line_wait 60 line_has $((mails + 50))
ok $? 'the mail beside them arrives'
sleep 6
after=$(memory)
for name in taken foreign truncated overlong forged contradictory replayed late overflow; do
	eval "$name=$(line_count $name)"
done
note "foreign $foreign truncated $truncated overlong $overlong forged $forged contradictory $contradictory late $late replayed $replayed overflow $overflow"
sent=$(cat "$line_top/forged")
real=$(($(received) - sent))
note "taken $taken of $real real ones; memory $before KB before, $after KB after"
[ "$taken" -le "$real" ]
ok $? 'not one of them was taken'
is "$contradictory" 0 'none got behind the tag'
[ $((foreign + truncated + overlong + forged + overflow)) -ge "$sent" ]
ok $? 'each was counted'
[ $((after - before)) -lt $growth ]
ok $? 'memory stays as it was'
[ "$replayed" -gt 0 ]
ok $? 'what came twice was taken once'
is "$(line_arrived)" $((mails + 50)) 'and nothing else came'
! grep -E 'Sanitizer|runtime error|has ended' "$line_top"/*.log
ok $? 'neither program fell'
kill $relay; relay=
is "$(line_back)" 0 'not one packet came back'
done_testing
