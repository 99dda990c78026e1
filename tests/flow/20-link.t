#!/bin/bash
# The link alone: real sender and receiver over TCP and over a folder. Nothing is
# lost and nothing comes twice, whoever is killed; strangers are turned away.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=$(cd "${BUILD:-build}" && pwd)
bin=$BUILD/bin put=$BUILD/tools/parcel-put
top=$(mktemp -d /tmp/limpid-link-XXXXXX)
n=0 failed=0
ok() { n=$((n + 1)); echo "ok $n - $1"; }
not_ok() { n=$((n + 1)); failed=1; echo "not ok $n - $1"; }
check() { local what=$1; shift; if "$@" >/dev/null 2>&1; then ok "$what"; else not_ok "$what"; fi; }
pids=()
stop_all() { for p in "${pids[@]}"; do kill -9 "$p" 2>/dev/null; done; wait 2>/dev/null; }
# bash says on stderr how a child ended: a call that a filter forbids shows there.
exec 2>"$top.stderr"
trap 'stop_all; rm -f "$top.stderr"; rm -rf "$top"' EXIT

# root runs the programs as nobody: they must not need more.
as=()
if [ "$(id -u)" = 0 ]; then
	as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	chmod 755 "$top"
	mkdir "$top/run"
	cp "$bin"/limpid-diode-{send,recv} "$bin/limpid-key" "$put" "$top/run/"
	cp -r deploy/seccomp "$top/run/"
	bin=$top/run put=$top/run/parcel-put seccomp=$top/run/seccomp
else
	seccomp=$PWD/deploy/seccomp
fi
port=$((20000 + RANDOM % 20000))

# host NAME TRANSPORT ADDRESS: a root for both ends of link 1, keys and all.
host() {
	local r=$top/$1 k=$top/$1/etc/limpid/keys s=$top/$1/var/lib/limpid d f
	mkdir -p "$k" "$s"/{record,link} "$r/run/limpid"
	for d in link1-out link1-in; do
		for f in tmp new work held sent; do mkdir -p "$s/spool/$d/$f"; done
	done
	cat > "$r/etc/limpid/limpid.conf" <<-CONF
	link "1" {
		transport = $2
		connect = "$3"
		bind = "$3"
	}
	sanitizer { seccomp_dir = "$seccomp" }
	spool { reserve = 0 }
	CONF
	"$bin/limpid-key" "$k" intake-sign ed25519
	"$bin/limpid-key" "$k" sanitizer-seal x25519
	"$bin/limpid-key" "$k" link1-sign ed25519
	"$bin/limpid-key" "$k" link1-send-curve curve
	"$bin/limpid-key" "$k" link1-recv-curve curve
	[ "$(id -u)" != 0 ] || chown -R 65534:65534 "$r"
}
send_start() { "${as[@]}" "$bin/limpid-diode-send" --root "$top/$1" --link 1 >>"$top/$1.send" 2>&1 & send=$!; pids+=($send); }
recv_start() { "${as[@]}" "$bin/limpid-diode-recv" --root "$top/$1" --link 1 >>"$top/$1.recv" 2>&1 & recv=$!; pids+=($recv); }
end() { kill -"$1" "$2" 2>/dev/null; wait "$2" 2>/dev/null; }
arrived() { find "$top/$1/var/lib/limpid/spool/link1-in/new" -type f | wc -l; }
waiting() { find "$top/$1/var/lib/limpid/spool/link1-out/"{new,work} -type f | wc -l; }
# until SECONDS COMMAND...
until_true() { local t=$((SECONDS + $1)); shift; until "$@"; do [ $SECONDS -lt $t ] || return 1; sleep 0.1; done; }
has_arrived() { [ "$(arrived "$1")" -ge "$2" ]; }
refs_in() { find "$top/$1/var/lib/limpid/spool/link1-in/new" -type f -printf '%f\n' | grep -o 'LM-[0-9A-Z-]*' | sort; }
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
    test "$(grep -h 'zmq_connect(' diode/recv_*.c diode/link_*.c | grep -cv 'MONITOR')" = 0 -a \
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
check 'with what was put in' cmp -s <(sort "$top/a.refs") <(refs_in a)

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
check 'the same references' cmp -s <(sort "$top/a.refs") <(refs_in a)
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
check 'with the same references' cmp -s <(sort "$top/f.refs") <(refs_in f)
check 'no object is left in the folder then' until_true 5 test -z "$(find "$top/media" -name '*.lmpo')"
cp "$top/big" "$top/media/again.lmpo"
until_true 5 test ! -e "$top/media/again.lmpo"
sleep 0.5
check 'the same object again is removed as a repeat' test "$(arrived f)" = 6
end 9 "$send"; end 9 "$recv"

check 'no filter stopped a program' bash -c "! grep 'Bad system call' '$top.stderr'"

echo "1..$n"
exit $failed
