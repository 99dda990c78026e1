#!/bin/bash
# The link over UDP on a line that is physically one-way: what is lost comes back by
# parity or by the second round, whoever is killed, and nothing ever comes back. The
# figures that this must reach at length are tests/load/loss.t and those beside it.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
export BUILD=${BUILD:-build}
. tests/lib/line.sh
line_can || skip_all 'needs root and network namespaces'
exec 2>/dev/null
trap 'line_remove; line_down' EXIT
n=0
check() { local what=$1; shift; "$@" >/dev/null; ok $? "$what"; }

# round LOSS-RULE COUNT SIZE WHAT: so many objects cross
cross() {
	line_loss ${1:+"$1"}
	n=$((n + $2))
	line_put "$2" "$3" 0
	check "$4" line_wait 40 line_has "$n"
}
# Every parcel that came is byte for byte one that was sent.
same_bytes() {
	local s=$line_root/var/lib/limpid/spool
	cmp -s <(cd "$s/link1-out/sent" && sha256sum -- * | cut -c1-64 | sort) \
	    <(cd "$s/link1-in/new" && sha256sum -- * | cut -c1-64 | sort)
}

line_up || skip_all 'no veth pair with nftables here'
line_host 'rate = "200M"' 'gso = no' 'round_gap = 2' 'interleave = 4'

# Without a rate nothing starts.
sed -i 's/rate = "200M"/rate = "0"/' "$line_root/etc/limpid/limpid.conf"
outside "${line_as[@]}" "$line_top/bin/limpid-diode-send" --root "$line_root" \
    --link 1 >"$line_top/norate" 2>&1
is $? 78 'the sender refuses to start without a rate'
check 'and says what to write' grep -q 'has no rate: write how many bits' "$line_top/norate"
sed -i 's/rate = "0"/rate = "200M"/' "$line_root/etc/limpid/limpid.conf"

line_recv
line_send
check 'the receive buffer is large' sh -c "! grep -q 'receive buffer' $line_top/recv.log"
check 'the datagram front is a process of its own' test -n "$(line_front)"
front=$(line_front)
case $BUILD in */san) filter=0 ;; *) filter=2 ;; esac	# the sanitizers do without
is "$(sed -n 's/^Seccomp:\t//p' "/proc/$front/status")" $filter 'the front is behind a filter'
is "$(sed -n 's/^CapEff:\t//p' "/proc/$front/status")" 0000000000000000 'without any right of root'
is "$(ls "/proc/$front/fd" | wc -l)" 5 'with nothing open but /dev/null, the socket and a pipe'
check 'the filter names no open, connect, send or exec' \
    bash -c '! grep -E "^(open|connect|send|exec|socket|clone|fork|bind)" deploy/seccomp/diode-front.policy'
cross '' 100 3000 '100 small objects cross'
start=$(date +%s%N)
line_put 1 3000 0; n=$((n + 1))
line_wait 5 line_has $n
check 'a single small one crosses within a second' \
    test $((($(date +%s%N) - start) / 1000000)) -lt 1000
cross 'numgen random mod 100 < 1' 300 5000 '300 objects at 1 % loss'
cross 'numgen random mod 100 < 5' 300 5000 '300 objects at 5 % loss'
recovered() { [ "$(line_count recovered)" -gt 0 ]; }
check 'parity gave symbols back' line_wait 5 recovered
cross 'numgen inc mod 400 < 40' 20 300000 'bursts of 40 of every 400'
cross 'numgen inc mod 400 < 40' 200 2000 'the same with small objects'
cross 'numgen random mod 100 < 5' 3 2000000 'large objects at 5 % loss'

# Fair order: a large one under way, small ones pass it.
line_loss
line_kill STOP diode-send-1
line_put 1 16000000 0
line_put 50 2000 0
line_kill CONT diode-send-1
check 'a large object comes, and small ones beside it' line_wait 20 line_has $((n + 51))
large=$(find "$line_root/var/lib/limpid/spool/link1-in/new" -type f -size +10M)
is "$(find "$line_root/var/lib/limpid/spool/link1-in/new" -type f -newer "$large" | wc -l)" 0 \
    'the small ones pass it, though they were put behind it'
n=$((n + 51))

# Ends that die.
for i in 1 2 3 4; do
	line_put 50 20000 0; n=$((n + 50))
	if [ $((i % 2)) = 0 ]; then line_kill KILL diode-send-1; line_send
	else line_kill KILL diode-recv-1; line_recv; fi
done
check 'objects arrive through kill -9 of both ends' line_wait 20 line_has $n
line_put 1 8000000 0; n=$((n + 1))
sleep 0.2
line_kill KILL diode-send-1; line_send
check 'a sender that died within a large object begins it again' line_wait 20 line_has $n
# Its first round at least is over: a receiver that dies now loses nothing.
sleep 1
kill -9 "$(line_front)"
check 'a receiver whose front died ends and says so' line_wait 5 \
    grep -q 'the datagram front has ended' "$line_top/recv.log"
line_recv
cross '' 10 3000 'and works when it is started again'

# What is not ours.
outside bash -c 'for i in 1 2 3; do echo hello; head -c 1472 /dev/urandom; printf "LMPD\1garbage"; done >/dev/udp/10.99.0.2/7101'
outside python3 - <<'PY'
import os, socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(2000):
    s.sendto(b'LMPD\x01\x01' + os.urandom(1466), ('10.99.0.2', 7101))
    s.sendto(os.urandom(200), ('10.99.0.2', 7101))
PY
cross '' 20 3000 'forged and foreign datagrams harm nothing'
forged() { [ $(($(line_count forged) + $(line_count truncated) + $(line_count overlong))) -ge 2000 ]; }
foreign() { [ "$(line_count foreign)" -ge 2000 ]; }
check 'forged ones are counted' line_wait 5 forged
check 'foreign ones too' line_wait 5 foreign
# What was heard on the line and is sent once more is taken once, in the same epoch and
# in the next one.
inside /usr/bin/python3 -c '
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x800))
s.bind(("vi", 0))
print("ready", flush=True)
for i in range(40):
    d = b""
    while d[42:46] != b"LMPD":
        d = s.recv(2048)
    print(d[42:].hex(), flush=True)
' >"$line_top/heard" & hearer=$!
line_wait 10 grep -q ready "$line_top/heard"
cross '' 20 3000 'what is heard on the line crosses'
wait $hearer
replay() {
	outside /usr/bin/python3 -c '
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for line in open(sys.argv[1]):
    if line[0] != "r":
        s.sendto(bytes.fromhex(line), ("10.99.0.2", 7101))
' "$line_top/heard"
}
counted() { [ $(($(line_count $1) - $2)) = 40 ]; }
# Once all of this round has left.
sleep 1.2
before=$(line_count replayed)
replay
check 'sent once more each is counted as replayed' line_wait 5 counted replayed "$before"
line_kill KILL diode-send-1; line_send
cross '' 1 3000 'a sender that was started again is heard'
sleep 1.2
before=$(line_count late)
replay
check 'datagrams of its start before are late' line_wait 5 counted late "$before"
# All second rounds are over.
sleep 2.5
is "$(line_arrived)" $n 'nothing came twice'
check 'byte for byte' same_bytes
is "$(find "$line_root/var/lib/limpid/spool/link1-out/new" "$line_root/var/lib/limpid/spool/link1-out/work" -type f | wc -l)" 0 \
    'nothing waits any more'
is "$(line_back)" 0 'not one packet came back'
line_remove

# The sender's own disk is full: said now and then, not at each try.
line_host 'rate = "200M"' 'gso = no' 'rounds = 1'
state=$line_root/var/lib/limpid/link/1-send
mkdir "$state"
if mount -t tmpfs -o size=4m,uid=65534,gid=65534 tmpfs "$state"; then
	trap 'line_kill KILL diode-send-1; umount -l "$state"; line_remove; line_down' EXIT
	line_recv
	line_send
	line_put 1 3000 0
	check 'before its disk is full an object crosses' line_wait 10 line_has 1
	head -c 8M /dev/zero >"$state/ballast"
	line_put 30 3000 0
	check 'a full disk of the sender is said' line_wait 10 \
	    grep -q 'cannot go on with the spool.* Make room in ' "$line_top/send.log"
	sleep 1
	[ "$(grep -c 'cannot go on with the spool' "$line_top/send.log")" -le 2 ]
	ok $? 'and does not fill its log'
	rm "$state/ballast"
	check 'with room again all cross' line_wait 10 line_has 31
	# Its interface goes down, and nothing waits that would be refused.
	says_why() { "$BUILD/bin/limpid-status" --root "$line_root" | grep -q "$1"; }
	outside ip link set vo down
	check 'a host that cannot send says so and why, without mail too' line_wait 8 \
	    says_why 'this host cannot send: .*; see its interface on this line'
	outside ip link set vo up
	outside ip neigh replace 10.99.0.2 lladdr 02:00:00:00:00:02 dev vo nud permanent
	line_put 1 3000 0
	check 'and sends when it can' line_wait 8 line_has 32
	check 'which limpid status says' line_wait 4 says_why '1-send .* up, sent up to 32'
	check 'the log names the cause and no lost connection' \
	    sh -c "! grep 'connection was lost\|limpid-diode-recv runs' $line_top/send.log"
	line_kill KILL diode-send-1
	umount -l "$state"
	trap 'line_remove; line_down' EXIT
fi
line_remove

# IPv6, and large frames with GSO.
line_down; line_up 9000
line_host='[fd00:99::2]' line_host 'rate = "500M"' 'mtu = 9000' 'gso = yes'
n=0
line_recv
line_send
cross '' 20 200000 'objects cross over IPv6 in large frames with GSO'
check 'byte for byte there too' same_bytes
is "$(line_back)" 0 'and not one packet came back'

# Settings that differ, which no heartbeat can tell: the receiver says what to do.
set_to() { sed -i "/^\t$1 = /d; s/^\trate = .*/&\n\t$1 = $2/" "$line_root/etc/limpid/limpid.conf"; }
line_kill KILL diode-recv-1
set_to mtu 1500
line_recv
line_put 1 200000 0
check 'datagrams that are too large for the receiver are named, with what to do' line_wait 8 \
    grep -q 'larger than mtu of this link allows.* make mtu in limpid.conf what it is there' "$line_top/recv.log"
line_kill KILL diode-recv-1
set_to mtu 9000
line_recv
cross '' 1 3000 'with its mtu they are taken'
! grep -q 'none is sealed' "$line_top/recv.log"
ok $? 'and no secret is blamed'
"$BUILD/bin/limpid-key" "$line_root/etc/limpid/keys" link1-udp-2 udp
chown 65534:65534 "$line_root"/etc/limpid/keys/*
line_kill KILL diode-send-1
set_to key_slot 2
line_send
check 'another secret than its own is named, with what to do' line_wait 10 \
    grep -q 'none is sealed with a secret of this host: carry the sender.s here' "$line_top/recv.log"
done_testing
