#!/bin/bash
# A million datagrams that are forged, cut, longer, under another key or have one bit
# turned reach the receiver beside real mail: none is taken, memory stays as it is, and
# the mail arrives. FORGED makes it shorter or longer; BUILD=build/san has both programs
# under the sanitizers.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
export BUILD=${BUILD:-build}
. tests/lib/line.sh
line_can || skip_all 'needs root and network namespaces'
[ ! -w /dev/shm ] || line_place=/dev/shm
exec 2>/dev/null
trap 'line_remove; line_down' EXIT
forged=${FORGED:-1000000} growth=4096
case $BUILD in */san) growth=65536 ASAN_OPTIONS=quarantine_size_mb=16; export ASAN_OPTIONS ;; esac
line_up || skip_all 'no veth pair with nftables here'
line_host 'rate = "100M"' 'gso = no' 'round_gap = 2'
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
line_put 2000 5000 3 &
outside "$BUILD/tools/forger" "$line_root/etc/limpid/keys/link1-udp.key" \
    10.99.0.2 7101 "$forged" 40000 >"$line_top/forged"
is "$(cat "$line_top/forged")" "$forged" 'so many were sent'
check_all() { line_has 2050; }
line_wait 60 check_all
ok $? 'the mail beside them arrives'
sleep 4
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
is "$(line_arrived)" 2050 'and nothing else came'
! grep -E 'Sanitizer|runtime error|has ended' "$line_top"/*.log
ok $? 'neither program fell'
is "$(line_back)" 0 'not one packet came back'
done_testing
