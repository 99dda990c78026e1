#!/bin/bash
# The receiver's disk is full: an alarm, nothing counts as stored that is not, and
# everything arrives when there is room again.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=$(cd "${BUILD:-build}" && pwd)
bin=$BUILD/bin put=$BUILD/tools/parcel-put
. tests/lib/tap.sh
[ "$(id -u)" = 0 ] || skip_all 'needs root for a small file system'
top=$(mktemp -d /tmp/limpid-away-XXXXXX)
chmod 755 "$top"
send='' recv=''
trap 'kill -9 $send $recv 2>/dev/null; wait 2>/dev/null; umount "$top/small" 2>/dev/null; rm -rf "$top"' EXIT
check() { local what=$1; shift; "$@" >/dev/null 2>&1; ok $? "$what"; }
until_true() { local t=$((SECONDS + $1)); shift; until "$@"; do [ $SECONDS -lt $t ] || return 1; sleep 0.1; done; }
mkdir "$top/run" "$top/small"
mount -t tmpfs -o size=24m tmpfs "$top/small" 2>/dev/null || skip_all 'mount is not allowed here'
cp "$bin"/limpid* "$put" "$top/run/"
cp -r deploy/seccomp "$top/run/"
bin=$top/run
address=tcp://127.0.0.1:$((20000 + RANDOM % 20000))
mkdir -p "$top"/keys
for f in intake-sign:ed25519 sanitizer-seal:x25519 link1-sign:ed25519 \
    link1-send-curve:curve link1-recv-curve:curve; do
	"$bin/limpid-key" "$top/keys" "${f%:*}" "${f#*:}"
done
# host ROOT DIRECTION
host() {
	local s=$1/var/lib/limpid f
	mkdir -p "$1/etc/limpid" "$s"/{record,link} "$1/run/limpid"
	cp -r "$top/keys" "$1/etc/limpid/keys"
	for f in tmp new work held sent; do mkdir -p "$s/spool/link1-$2/$f"; done
	printf 'link "1" {\ntransport = zmq\nconnect = "%s"\nbind = "%s"\n}\nsanitizer { seccomp_dir = "%s" }\nspool { reserve = 4M }\n' \
	    "$address" "$address" "$bin/seccomp" >"$1/etc/limpid/limpid.conf"
	chown -R 65534:65534 "$1"
}
out=$top/out in=$top/small/in
host "$out" out
host "$in" in
as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
"${as[@]}" "$bin/limpid-diode-recv" --root "$in" --link 1 >>"$top/recv" 2>&1 & recv=$!
"${as[@]}" "$bin/limpid-diode-send" --root "$out" --link 1 >>"$top/send" 2>&1 & send=$!
new=$in/var/lib/limpid/spool/link1-in/new
arrived() { find "$new" -type f 2>/dev/null | wc -l; }
has_arrived() { [ "$(arrived)" -ge "$1" ]; }

"${as[@]}" "$bin/parcel-put" "$out" 30 1000000 0 >"$top/refs"
check 'a full disk is an alarm' until_true 15 grep -q 'ALARM: nothing can be stored' "$top/recv"
n=$(arrived)
note "$n of 30 were stored before"
[ "$n" -gt 3 ] && [ "$n" -lt 30 ]
ok $? 'what fits is stored'
check 'limpid status says CLOSED' until_true 5 \
    sh -c "'$bin/limpid' status --root '$in' | grep -q CLOSED"
check 'and AWAY at the sender' until_true 25 \
    sh -c "'$bin/limpid' status --root '$out' | grep -q AWAY"
# The next program takes its mail, in several goes.
mkdir "$top/taken"
for _ in 1 2 3 4 5 6; do
	until_true 8 has_arrived 1
	sleep 2
	find "$new" -type f -exec mv -t "$top/taken" {} +
	[ "$(ls "$top/taken" | wc -l)" -lt 30 ] || break
done
is "$(ls "$top/taken" | wc -l)" 30 'all 30 arrive once there is room'
is "$(ls "$top/taken" | grep -o 'LM-[0-9A-Z-]*' | sort | uniq -d)" '' 'and none twice'
check 'with what was sent' cmp -s <(sort "$top/refs") \
    <(ls "$top/taken" | grep -o 'LM-[0-9A-Z-]*' | sort)
whole() { ! [ -s "$in/var/lib/limpid/link/1-recv/gaps" ]; }
check 'nothing is missing in the end' until_true 10 whole
check 'status is content' until_true 5 "$bin/limpid" status --root "$in"

# Room for small mails, and not for the next one: closed, and not open now and then.
alarms() { grep -c 'ALARM: nothing can be stored' "$top/recv"; }
n=$(alarms)
"${as[@]}" head -c 17M /dev/zero >"$in/fill"
"${as[@]}" "$bin/parcel-put" "$out" 1 9000000 0 >/dev/null
one_more() { [ "$(alarms)" -gt "$n" ]; }
check 'a mail that is larger than the room is an alarm' until_true 10 one_more
sleep 7
is "$(alarms)" $((n + 1)) 'once'
check 'with the room it needs' grep -q 'for 1319[0-9]* bytes at least' "$top/recv"
"$bin/limpid" status --root "$in" >"$top/status.in"
"$bin/limpid" status --root "$out" >"$top/status.out"
is $? 1 'and the sender says that nothing passes'
check 'for as long as it is' grep -q 'AWAY: .* for [5-9] s' "$top/status.out"
check 'as the receiver does' grep -q CLOSED "$top/status.in"
rm "$in/fill"
check 'it comes when there is room for it' until_true 15 has_arrived 1
done_testing
