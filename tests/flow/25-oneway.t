#!/bin/bash
# The three one-way hosts that the demo and the tests of the link stand on: nothing
# passes backwards, and the counters would show it if it did.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/oneway.sh
name=lmow$$
[ "$(id -u)" = 0 ] || skip_all 'needs root'
ip netns add "$name-try" 2>/dev/null || skip_all 'this kernel allows no namespaces'
ip netns del "$name-try"
trap 'hosts_down $name' EXIT
hosts_up "$name"
ok $? 'three hosts, two lines'
hosts_check "$name"
ok $? 'datagrams pass forwards, and neither datagrams nor TCP backwards'
is "$(hosts_back "$name")" 'packets back: 0' 'no packet reached an outside'
[ "$(hosts_tried "$name")" -ge 4 ]
ok $? 'the attempts were counted where they were made'
# limpid link test over that line, with a share of it lost.
bin=$(readlink -f "${BUILD:-build}")/bin
hosts_lose "$name" 1 50
ip netns exec "$name-san" "$bin/limpid" link test recv 10.77.1.2 7300 >/tmp/$name.out &
sleep 0.5
ip netns exec "$name-ext" "$bin/limpid" link test send 10.77.1.2 7300 50M 1 >/dev/null
wait $!
ok $? 'limpid link test measures'
sed 's/^/# /' /tmp/$name.out
awk '/^loss/ { l = $2 } /^line rate/ { r = $3 } END { exit !(l > 2 && l < 9 && r > 35 && r < 55) }' /tmp/$name.out
ok $? 'it finds the rate and the loss'
grep -q 'parity = ' /tmp/$name.out && grep -q 'rate = "3[0-9]M"' /tmp/$name.out
ok $? 'and says what to configure'
rm -f /tmp/$name.out
hosts_lose "$name" 1 0
is "$(hosts_back "$name")" 'packets back: 0' 'without a packet back'
# The oracle itself: without the first hook the second one counts, and drops.
ip netns exec "$name-san" nft flush chain netdev oneway-link1 back
ip netns exec "$name-san" nft 'chain netdev oneway-link1 back { policy accept; }'
ip netns exec "$name-san" python3 -c "import socket
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'back', ('10.77.1.1', 9))"
is "$(hosts_back "$name")" 'packets back: 1' 'a packet that came back would be seen'
done_testing
