#!/bin/bash
# A loss that nobody can send again: an operator accepts it. It is recorded, is no alarm
# any more, survives kill -9, and is taken and healed all the same when it comes.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=$(cd "${BUILD:-build}" && pwd)
bin=$BUILD/bin
. tests/lib/tap.sh
top=$(mktemp -d /tmp/limpid-accept-XXXXXX)
send='' recv=''
stop_all() { for p in $send $recv; do kill -9 "$p" 2>/dev/null; done; wait 2>/dev/null; }
trap 'stop_all; rm -rf "$top"' EXIT
check() { local what=$1; shift; "$@" >/dev/null 2>&1; ok $? "$what"; }
until_true() { local t=$((SECONDS + $1)); shift; until "$@"; do [ $SECONDS -lt $t ] || return 1; sleep 0.05; done; }

# Both ends of link 1 in one root; root runs the daemons as nobody, and types as root.
as=() r=$top/r s=$top/r/var/lib/limpid
put=$BUILD/tools/parcel-put run=$BUILD/bin seccomp=$PWD/deploy/seccomp
mkdir -p "$r/etc/limpid/keys" "$s"/{record,link} "$r/run/limpid"
for d in link1-out link1-in; do
	for f in tmp new work held sent; do mkdir -p "$s/spool/$d/$f"; done
done
if [ "$(id -u)" = 0 ]; then
	as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	chmod 755 "$top"
	mkdir "$top/run"
	cp "$bin"/limpid-diode-* "$put" "$top/run/"
	cp -r deploy/seccomp "$top/run/"
	run=$top/run put=$top/run/parcel-put seccomp=$top/run/seccomp
fi
address=tcp://127.0.0.1:$((20000 + RANDOM % 20000))
printf 'link "1" {\ntransport = zmq\nconnect = "%s"\nbind = "%s"\n}\nsanitizer { seccomp_dir = "%s" }\nspool { reserve = 0 }\n' \
    "$address" "$address" "$seccomp" >"$r/etc/limpid/limpid.conf"
for f in intake-sign:ed25519 sanitizer-seal:x25519 link1-sign:ed25519 \
    link1-send-curve:curve link1-recv-curve:curve; do
	"$bin/limpid-key" "$r/etc/limpid/keys" "${f%:*}" "${f#*:}"
done
[ "$(id -u)" != 0 ] || chown -R 65534:65534 "$r"

send_start() { "${as[@]}" "$run/limpid-diode-send" --root "$r" --link 1 >>"$top/send" 2>&1 & send=$!; }
recv_start() {
	"${as[@]}" "$run/limpid-diode-recv" --root "$r" --link 1 >>"$top/recv" 2>&1 & recv=$!
	until_true 10 grep -qsx "$recv" "$r/run/limpid/diode-recv-1.pid"
}
end() { kill -9 "$1" 2>/dev/null; reap "$1"; }
parcels() { "${as[@]}" "$put" "$r" "$1" 2000 0 >/dev/null; }
files() { find "$s/spool/$1" -type f | wc -l; }
has_arrived() { [ "$(files link1-in/new)" -ge "$1" ]; }
has_sent() { [ "$(files link1-out/sent)" -ge "$1" ]; }
recorded() { grep -c "$1" "$s/record/diode-recv-1.record"; }
has_recorded() { [ "$(recorded "$1")" -ge "${2:-1}" ]; }
missing() { "$bin/limpid" missing "$@"; }
list() { sed -n '4,$p' "$s/spool/link1-in/missing" 2>/dev/null | paste -sd' '; }
list_is() { [ "$(list)" = "$1" ]; }
status() { "$bin/limpid" status --root "$r"; }
figure() { "$bin/limpid" status --root "$r" --json | /usr/bin/python3 -c "import json,sys
print([l['$1'] for l in json.load(sys.stdin)['links'] if l['name'] == '1-recv'][0])"; }
figure_is() { [ "$(figure "$1")" = "$2" ]; }
accept() { missing accept --root "$r" "$@" >"$top/out" 2>"$top/err"; }
refused() {	# refused CODE WORDS NAME ARGUMENT...
	local code=$1 words=$2 name=$3; shift 3
	accept "$@"
	is $? "$code" "$name: its exit code"
	grep -q -- "$words" "$top/err"
	ok $? "$name: its sentence"
	[ -s "$top/err" ] || sed 's/^/# /' "$top/out"
}

# lose COUNT TOTAL: the next COUNT objects are lost for good.
lose() {
	until_true 10 grep -qs '^state up' "$s/link/1-send/status"
	kill -STOP "$recv"
	parcels "$1"
	until_true 10 has_sent "$2"
	end "$recv"; end "$send"
	mkdir -p "$top/aside"
	for f in $(ls "$s/spool/link1-out/sent" | sort | tail -n "$1"); do
		mv "$s/spool/link1-out/sent/$f" "$top/aside"
	done
	recv_start; send_start
}

recv_start; send_start
parcels 5
check 'five arrive' until_true 10 has_arrived 5
lose 3 8
check 'three never do' until_true 8 list_is 6-8
status >/dev/null
is $? 1 'limpid status exits 1'

refused 66 'nothing of that is missing, it came' 'a number that came' --why x 5
refused 66 'nothing above 8 is known to be missing' 'a number that nobody sent' --why x 20-30
refused 65 'is mistyped' 'a mistyped slip' --why x LR-50000-00060-002KZ
refused 65 'is no slip and no range' 'what is no slip' --why x hello
refused 65 'is no slip and no range' 'a range the wrong way round' --why x 8-6
refused 78 'type it on the internal host' 'the slip of the other link' --why x LR-60000-00070-002B3
refused 2 'it goes to the record' 'no reason' 6-8
refused 2 'it goes to the record' 'a reason of two lines' --why $'x\ny' 6-8
refused 2 'usage:' 'nothing named' --why x
mkdir "$s/link/2-recv"
refused 2 'say --link 1 or --link 2' 'a range where two links end' --why x 6-8
rmdir "$s/link/2-recv"
is "$(list)" 6-8 'none of these changed anything'
is "$(missing list --root "$r"; echo $?)" $'link 1  numbers 6-8  missing\n0' 'limpid missing list says it'

slip=$("$bin/limpid" slip --root "$r")
accept --why 'the sender has burned down' "$(tr 'A-Z-' 'a-z ' <<<"${slip##* }")"
is $? 0 'a slip is accepted, as people type it'
note "$(cat "$top/out" "$top/err")"
check 'what is said of it' grep -q '6-8: 3 accepted as lost' "$top/out"
is "$(recorded 'link.accepted link=1 missing=6-8 count=3 who=[a-z0-9_-]* why="the sender has burned down"')" 1 \
    'the record says what, who and why'
check 'and holds' "$bin/limpid" record verify --root "$r"
check 'the list for the program behind says accepted' until_true 3 list_is 'accepted 6-8'
check 'limpid status is content' until_true 3 status
check 'and says how many were accepted' sh -c "'$bin/limpid' status --root '$r' | grep -q 'received up to 5 of 8, 3 accepted as lost'"
is "$(figure missing) $(figure lost)" '0 3' 'so do its figures'
is "$("$bin/limpid" slip --root "$r"; echo $?)" $'nothing is missing\n1' 'no slip is printed for it'
is "$(missing list --root "$r" --json | tr -d ' \n')" \
    '[{"link":1,"first":6,"last":8,"state":"accepted"}]' 'limpid missing list --json says accepted'
refused 66 'accepted as lost already' 'the same once more' --why x 6-8

# The receiver is down: the wish waits for it.
lose 2 7
check 'two more never come' until_true 8 list_is '9-10 accepted 6-8'
end "$recv"
accept --why 'while it is down' --link 1 9-10
is $? 1 'without a receiver the exit code says so'
check 'and its sentence' grep -q 'does not answer; the wish stays' "$top/err"
recv_start
check 'it is served at the start' until_true 5 list_is 'accepted 6-10'
is "$(recorded 'why="while it is down"')" 1 'and recorded once'

# kill -9 around the moment at which a wish is served.
lose 8 13
check 'eight more never come' until_true 8 list_is '11-18 accepted 6-10'
bad=0
for n in 11 12 13 14 15 16 17 18; do
	accept --why "number $n" "$n" &
	typing=$!
	sleep "0.$((RANDOM % 10))"
	end "$recv"
	# Whole, whatever it says: 6-10 and the numbers served so far.
	grep -qvE '^[0-9]+(-[0-9]+)?( accepted)?$' "$s/link/1-recv/gaps" && bad=1
	recv_start
	wait "$typing"
	until_true 5 sh -c "! ls '$s'/link/1-recv/accept-* 2>/dev/null" || bad=2
	until_true 5 figure_is lost $((n - 5)) || bad=3
	has_recorded "missing=$n-$n " || bad=4
done
is $bad 0 'kill -9 while it is served: each is accepted, recorded, and the file is whole'
check 'nothing is an alarm any more' until_true 5 status
is "$(list)" 'accepted 6-18' 'neighbours are one range'

# It comes after all.
for f in $(ls "$top/aside" | sort | head -n 3); do
	mv "$top/aside/$f" "$s/spool/link1-out/sent"
done
"$bin/limpid" resend --root "$r" "${slip##* }" >/dev/null
check 'what was accepted is taken when it comes' until_true 10 has_arrived 8
check 'and recorded as healed' until_true 3 has_recorded link.healed 3
check 'and is in no list any more' until_true 4 list_is 'accepted 9-18'
end "$recv"; recv_start
check 'nor after a restart' until_true 5 figure_is lost 10
served() { ! ls "$s"/link/1-send/resend-*; }
check 'the wish is served' until_true 5 served
before=$(grep -c link.resent "$s/record/diode-send-1.record")
"$bin/limpid" resend --root "$r" "${slip##* }" >/dev/null
sent_again() { [ "$(grep -c link.resent "$s/record/diode-send-1.record")" -ge $((before + 3)) ]; }
check 'it is sent once more' until_true 8 sent_again
sleep 0.5
is "$(find "$s/spool/link1-in/new" -type f | grep -o 'LM-[0-9A-Z-]*' | sort | uniq -d)" '' 'and is a repeat'

# A sender that lost its ledger: nothing is taken, and that is seen.
end "$send"; end "$recv"
rm -r "$s/link/1-send" "$s"/spool/link1-out/sent/* "$s"/record/diode-send*
n=$(files link1-in/new)
send_start; recv_start
parcels 2
not_taken() { status | grep -q '2 objects were NOT TAKEN'; }
check 'numbers given twice: status says that nothing is taken' until_true 8 not_taken
status >/dev/null
is $? 1 'and exits 1'
is "$(files link1-in/new)" "$n" 'nothing was taken'
end "$recv"
mv "$s/link/1-recv" "$top/old"
recv_start
check 'as the manual says: with the old state aside they are taken' until_true 10 has_arrived $((n + 2))
check 'and status is content' until_true 5 status

end "$send"; end "$recv"
none_stopped
done_testing
