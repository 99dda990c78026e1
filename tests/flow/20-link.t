#!/bin/bash
# The link alone: real sender and receiver over TCP and over a folder. Nothing is
# lost and nothing comes twice, whoever is killed; strangers are turned away.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/ends.sh
put=$bin/parcel-put
# bash says on stderr how a child ended: a call that a filter forbids shows there.
exec 2>"$top.stderr"
trap 'ends_stop; rm -f "$top.stderr"; rm -rf "$top"' EXIT
port=$((20000 + RANDOM % 20000))
# Every parcel that came is byte for byte one that was sent.
same_bytes() {
	local s=$top/$1/var/lib/limpid/spool
	cmp -s <(cd "$s/link1-out/sent" && sha256sum -- * | cut -c1-64 | sort) \
	    <(cd "$s/link1-in/new" && sha256sum -- * | cut -c1-64 | sort)
}

# One program contains nothing of the other.
symbols() { nm "$BUILD/bin/$1" | awk '{print $NF}' | sed 's/@.*//'; }
check 'the sender contains no receiving code' \
    bash -c "! grep -E '^(recv_|seen_|fragments_|link_receiver_|link_header_decode|zmq_bind|bind|listen|accept4?)' <<< \"$(symbols limpid-diode-send)\""
check 'the receiver contains no sending code' \
    bash -c "! grep -E '^(send_(zmq|file|queue)|ledger_|link_sender_|link_header_encode|connect)\$|^(send_queue|ledger_|link_sender_)' <<< \"$(symbols limpid-diode-recv)\""
# zmq_connect is there for libzmq's own events: inside the process, as the filter sees to.
check 'the receiver joins nothing but its own monitor' \
    test "$(grep -h 'zmq_connect(' diode/recv_*.c diode/link_*.c | grep -cv '\*monitor, name)')" = 0 -a \
    "$(grep -c 'snprintf(name, sizeof(name), MONITOR,' diode/link_zmq.c)" = 1 -a \
    "$(grep -c 'define MONITOR.*"inproc://' diode/link_zmq.c)" = 1
check 'and its filter lets nobody connect' bash -c "! grep -E '^connect( |\$|\t)' deploy/seccomp/diode-recv.policy"

# Receiver away.
host a zmq "tcp://127.0.0.1:$port"
"${as[@]}" "$put" "$top/a" 20 3000 0 > "$top/a.refs"
send_start a
sleep 6
check 'without a receiver nothing counts as sent' test "$(waiting a)" = 20
check 'and the log says how much waits' grep -q 'is away for .* 20 parcels' "$top/a.send"
recv_start a
check 'all 20 arrive when it comes' until_true 10 has_arrived a 20
check 'with what was put in' same_refs a

# Crashes, while 200 parcels of all sizes pass.
( "${as[@]}" "$put" "$top/a" 90 2500 20; "${as[@]}" "$put" "$top/a" 20 3500000 60
  "${as[@]}" "$put" "$top/a" 90 40000 20 ) >> "$top/a.refs" &
putter=$!
RANDOM=7
for i in $(seq 10); do
	sleep 0.$((RANDOM % 9))$((RANDOM % 10))
	if [ $((i % 2)) = 0 ]; then end 9 "$send"; send_start a
	else end 9 "$recv"; recv_start a; fi
done
wait "$putter"
check '200 parcels arrive through 10 kill -9' until_true 40 has_arrived a 220
sleep 2
check 'and none of them twice' test "$(arrived a)" = 220
check 'the same references' same_refs a
check 'byte for byte' same_bytes a
check 'nothing waits any more' test "$(waiting a)" = 0
check 'nothing is missing in the receiver'"'"'s list' test ! -s "$top/a/var/lib/limpid/link/1-recv/gaps"
end 9 "$send"

# A stranger and a wrong server.
host b zmq "tcp://127.0.0.1:$port"
"${as[@]}" "$put" "$top/b" 1 1000 0 >/dev/null
cp "$top/a/etc/limpid/keys/link1-recv-curve.pub" "$top/b/etc/limpid/keys/x"
mv -f "$top/b/etc/limpid/keys/x" "$top/b/etc/limpid/keys/link1-recv-curve.pub"
chmod 444 "$top/b/etc/limpid/keys/link1-recv-curve.pub"
send_start b
check 'a sender with a foreign key is turned away and named' \
    until_true 10 grep -q 'ALARM: a sender at 127.0.0.1 was turned away' "$top/a.recv"
check 'with what to do' grep -q 'carry its keys/link1-send-curve.pub here' "$top/a.recv"
check 'and it knows, with what to do' until_true 10 \
    grep -q 'does not know this host.s CURVE key: carry keys/link1-send-curve.pub there' "$top/b.send"
check 'its parcel waits' test "$(waiting b)" = 1
check 'the record has the stranger' grep -q link.stranger "$top/a/var/lib/limpid/record/diode-recv-1.record"
end 9 "$send"
end 9 "$recv"
host c zmq "tcp://127.0.0.1:$port"
"${as[@]}" "$put" "$top/c" 1 1000 0 >/dev/null
cp "$top/a/etc/limpid/keys/link1-send-curve.pub" "$top/c/x"
recv_start c
mkdir "$top/keep"; cp "$top/a/etc/limpid/keys/link1-recv-curve.pub" "$top/keep/"
send_start a
"${as[@]}" "$put" "$top/a" 1 1000 0 >/dev/null
sleep 4
check 'a receiver without the pinned key gets nothing' test "$(arrived c)" = 0
check 'and names the one who expects another key of it, with what to do' \
    grep -q 'ALARM: a sender at 127.0.0.1 was turned away: it expects another CURVE key of this host; carry keys/link1-recv-curve.pub there' "$top/c.recv"
check 'in its record too' grep -q 'link.stranger .*expects another CURVE key' "$top/c/var/lib/limpid/record/diode-recv-1.record"
check 'the sender says what it can know' grep -q 'the receiver broke off the handshake: it has another CURVE key than keys/link1-recv-curve.pub' "$top/a.send"
check 'and the parcel waits' test "$(waiting a)" = 1
end 9 "$recv"
recv_start a
check 'it passes when the right one is back' until_true 15 has_arrived a 221
end TERM "$recv"
check 'the receiver ends well on SIGTERM' test $? = 0

# A signed header of another sender.
end 9 "$send"
host d zmq "tcp://127.0.0.1:$port"
for k in link1-send-curve link1-recv-curve; do
	for s in key pub; do cp -f "$top/a/etc/limpid/keys/$k.$s" "$top/d/etc/limpid/keys/$k.$s"; done
done
[ "$(id -u)" != 0 ] || chown -R 65534:65534 "$top/d"
"${as[@]}" "$put" "$top/d" 1 1000 0 >/dev/null
recv_start a; send_start d
check 'a header that another key signed is refused and said' \
    until_true 10 grep -q 'refused: its header is not one' "$top/a.recv"
sleep 1
check 'and does not reach the spool' test "$(arrived a)" = 221
end 9 "$send"; end 9 "$recv"

# Folder.
mkdir "$top/media"
chmod 777 "$top/media"
host f file "$top/media"
send_start f
"${as[@]}" "$put" "$top/f" 5 3000 0 > "$top/f.refs"
"${as[@]}" "$put" "$top/f" 1 2000000 0 >> "$top/f.refs"
objects() { [ "$(find "$top/media" -name '*.lmpo' | wc -l)" -ge "$1" ]; }
check 'transport file writes whole objects' until_true 10 objects 6
check 'and leaves no .part behind' test -z "$(find "$top/media" -name '*.part')"
big=$(ls -S "$top/media" | head -1)
mv "$top/media/$big" "$top/big"
head -c 100000 "$top/big" > "$top/media/$big"
recv_start f
check 'whole objects are taken' until_true 10 has_arrived f 5
sleep 1.5
check 'a half-copied one waits' test "$(arrived f)" = 5 -a -e "$top/media/$big"
check 'and is spoken of' grep -q 'is not whole yet' "$top/f.recv"
cat "$top/big" > "$top/media/$big"
check 'it is taken when it is whole' until_true 10 has_arrived f 6
check 'with the same references' same_refs f
check 'no object is left in the folder then' until_true 5 test -z "$(find "$top/media" -name '*.lmpo')"
cp "$top/big" "$top/media/again.lmpo"
until_true 5 test ! -e "$top/media/again.lmpo"
sleep 0.5
check 'the same object again is removed as a repeat' test "$(arrived f)" = 6
end 9 "$send"; end 9 "$recv"

check 'no filter stopped a program' bash -c "! grep 'Bad system call' '$top.stderr'"

done_testing
