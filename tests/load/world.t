#!/bin/bash
# The world around a link over udp: a receiver whose disk is full, that of its parcels or
# that of its state, says so, claims nothing that it does not hold, and gets the rest by
# the later round or a slip. Clocks that jump by hours on either side change nothing.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
export BUILD=${BUILD:-build}
. tests/lib/line.sh
line_can || skip_all 'needs root and network namespaces'
exec 2>/dev/null
in=
clean() { line_kill KILL diode-recv-1; [ -z "$in" ] || umount -l "$in"; line_remove; line_down; }
trap clean EXIT
check() { local what=$1; shift; "$@" >/dev/null; ok $? "$what"; }
says() { grep -q "$1" "$line_top/recv.log"; }

spool() { echo "$line_root/var/lib/limpid/spool/$1"; }
sent() { [ "$(find "$(spool link1-out/sent)" -type f | wc -l)" = "$1" ]; }
state() { sed -n "s/^$1 //p" "$line_root/var/lib/limpid/link/1-recv/status"; }
alarms() { grep -c 'ALARM: not everything can be stored' "$line_top/recv.log"; }
nothing_missing() { ! [ -s "$line_root/var/lib/limpid/link/1-recv/gaps" ]; }

# A full disk: 12 MB, of which the last is kept free of new mail.
line_up || skip_all 'no veth pair with nftables here'
line_reserve=1M line_host 'rate = "200M"' 'gso = no' 'round_gap = 8'
in=$(spool link1-in)
mount -t tmpfs -o size=12m,uid=65534,gid=65534 tmpfs "$in" || skip_all 'mount is not allowed here'
mkdir "$in"/{tmp,new,work,held,sent} "$line_top/taken"
chown 65534:65534 "$in"/*
line_recv
line_send
# The sender stands still between the rounds, so that no host is too slow for this.
line_put 40 500000 0
line_wait 30 sent 40
line_kill STOP diode-send-1
check 'a full disk is an alarm' line_wait 20 alarms
tells_full() { [ "$(state state)" = full ] && [ "$(state missing)" = $(($(state highest) - $(line_arrived))) ]; }
check 'and the state of the link, where what is not stored is missing' line_wait 10 tells_full
says_full() { "$BUILD/bin/limpid-status" --root "$line_root" | grep -q 'FULL: '; }
check 'limpid status says FULL' says_full
stored=$(line_arrived)
note "$stored of 40 were stored before"
[ "$stored" -ge 20 ] && [ "$stored" -lt 40 ]
ok $? 'the room that there is goes to whole objects'
whole() {
	local f
	for f in "$in"/new/*; do
		[ "$(stat -c %s "$f")" -gt 500000 ] || return 1
	done
}
check 'each of them whole' whole
is "$(find "$in/tmp" -type f | wc -l)" 0 'and no half one takes room'
taken() {
	find "$in/new" -type f -exec mv -t "$line_top/taken" {} +
	[ "$(ls "$line_top/taken" | wc -l)" -ge "$1" ]
}
taken 40
line_kill CONT diode-send-1
check 'the later round brings the others' line_wait 30 taken 40
is "$(alarms)" 1 'the alarm was said once'
check 'nothing is missing' line_wait 10 nothing_missing
check 'that there is room again is said' line_wait 20 says 'there is room again'

# No room in either round: a slip.
free=$(df --output=avail -B1K "$in" | tail -n 1)
head -c $(((free - 600) * 1024)) /dev/zero >"$in/ballast"
before=$(line_count taken)
line_put 5 500000 0
# Each has more than 355 datagrams in a round.
both_rounds() { [ $(($(line_count taken) - before)) -gt $((2 * 5 * 355)) ]; }
check 'both rounds pass' line_wait 40 both_rounds
cp "$BUILD"/bin/limpid-{slip,resend} "$line_top/bin/"
slips() { "$line_top/bin/limpid-slip" --root "$line_root" | sed 's/.* //'; }
told() { [ -n "$(slips)" ]; }
check 'what neither brought is told' line_wait 10 told
is "$(line_arrived)" 0 'none of it is stored'
is "$(alarms)" 2 'that too was said once'
rm "$in/ballast"
for slip in $(slips); do
	note "$slip"
	"$line_top/bin/limpid-resend" --root "$line_root" "$slip" >/dev/null
done
check 'the slip brings it' line_wait 20 taken 45
is "$(ls "$line_top/taken" | grep -o 'LM-[0-9A-Z-]*' | sort | uniq -d)" '' 'none came twice'
check 'nothing is missing' line_wait 10 nothing_missing
line_kill TERM diode-send-1
line_kill KILL diode-recv-1
umount -l "$in"; in=
line_remove

# A disk that has room for parcels, and none for what is known of them.
line_host 'rate = "200M"' 'gso = no' 'round_gap = 8'
in=$line_root/var/lib/limpid/link/1-recv
mkdir "$in"
mount -t tmpfs -o size=256k,uid=65534,gid=65534 tmpfs "$in"
line_recv
line_send
line_put 5 5000 0
line_wait 20 line_has 5
head -c 1M /dev/zero >"$in/ballast"
line_put 40 5000 0
line_wait 30 sent 45
line_kill STOP diode-send-1
check 'what cannot be marked as seen is an alarm' line_wait 20 alarms
note "$(line_arrived) of 45 were stored before"
rm "$in/ballast"
line_kill CONT diode-send-1
check 'and comes with the later round' line_wait 30 line_has 45
sleep 2
is "$(line_arrived)" 45 'none of it twice'
check 'nothing is missing' line_wait 10 nothing_missing
line_kill TERM diode-send-1
line_kill KILL diode-recv-1
umount -l "$in"; in=
line_remove

# Clocks.
line_host 'rate = "200M"' 'gso = no' 'round_gap = 6'
cp "$BUILD/tools/clockshift.so" "$line_top/bin/"
shift_to() { perl -e 'print pack("q", $ARGV[0])' -- "$2" | dd of="$line_top/$1.clock" conv=notrunc status=none; }
shift_to send 0; shift_to recv 0
chmod 644 "$line_top"/*.clock
line_send_env="env LD_PRELOAD=$line_top/bin/clockshift.so CLOCK_SHIFT=$line_top/send.clock"
line_recv_env="env LD_PRELOAD=$line_top/bin/clockshift.so CLOCK_SHIFT=$line_top/recv.clock"
line_recv
line_send
n=0
# Objects whose first round is lost, around a jump: the second comes in its time.
jump() {	# jump END SECONDS WHAT
	line_loss ''	# every one of them
	n=$((n + 20))
	line_put 20 5000 0
	line_wait 5 sent $n
	shift_to "$1" "$2"
	sleep 1.5	# what is repeated too early is lost too
	line_loss
	check "$3" line_wait 15 line_has $n
}
jump send -18000 'a sender whose clock falls back five hours repeats in time'
jump send 18000 'and one whose clock jumps ahead by ten'
jump recv -18000 'a receiver whose clock falls back'
jump recv 36000 'and jumps ahead'
line_put 20 5000 0; n=$((n + 20))
check 'mail goes on' line_wait 10 line_has $n
is "$(line_arrived)" $n 'nothing came twice'
check 'nothing is missing' line_wait 10 nothing_missing
is "$(grep -c 'has been silent' "$line_top/recv.log")" 0 'nobody was thought silent'
is "$(line_back)" 0 'not one packet came back'
done_testing
