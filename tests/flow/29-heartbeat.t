#!/bin/bash
# From a loss to all who must know of it, on three hosts whose lines are physically
# one-way: within two seconds of the next heartbeat it is an event, a figure and a line of
# limpid status, and a row in the index inside; and a sender that falls silent is an alarm
# after three heartbeats. Heartbeats are seen on the line, all else by its own times.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/oneway.sh
. tests/lib/system.sh
[ "$(id -u)" = 0 ] || skip_all 'needs root'
net=lmhb$$
trap 'system_remove; hosts_down $net' EXIT
hosts_up $net 2>/dev/null || skip_all 'no namespaces with nftables here'

SYS=$(mktemp -d /tmp/limpid-heartbeat.XXXXXX)
chmod 755 "$SYS"
mkdir "$SYS/log"
ext=$SYS/external san=$SYS/sanitizer int=$SYS/internal
link1=udp://10.77.1.2:7101 link2=udp://10.77.2.2:7102
{
	"$BIN/limpid" init external --root "$ext" --link1 $link1 --rate 100M --domain agency.example
	"$BIN/limpid" init sanitizer --root "$san" --link1 $link1 --link2 $link2 --rate 100M
	"$BIN/limpid" init internal --root "$int" --link2 $link2 --domain agency.example
	for verb in 'export --secret' import; do
		for root in "$ext" "$san" "$int"; do
			"$BIN/limpid" keys $verb "$SYS/medium" --root "$root"
		done
	done
} >"$SYS/log/init" 2>&1 || { sed 's/^/# /' "$SYS/log/init"; exit 1; }
launch() {	# launch NAMESPACE NAME
	program=$2
	SYSTEM_NS=(ip netns exec "$net-$1")
	case $1 in ext) root=$ext ;; san) root=$san ;; int) root=$int ;; esac
	case $2 in *-[12]) set -- "$1" "$2" --link "${2##*-}" ;; esac
	"${SYSTEM_NS[@]}" "$BIN/limpid-${program%-[12]}" --root "$root" "${@:3}" \
	    >>"$SYS/log/$program" 2>&1 &
	SYSTEM_PID[$program]=$!
	system_ready "$program"
}
for p in 'san sanitizerd' 'int deliverd' 'int diode-recv-2' 'san diode-recv-1' \
    'san diode-send-2' 'ext diode-send-1' 'ext intaked'; do
	launch $p || { echo 'Bail out! the system does not start'; exit 1; }
done

# The time of each heartbeat on link 1, in milliseconds: the type stands in the clear.
ip netns exec $net-san /usr/bin/python3 -c '
import socket, sys, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.bind(("link1", 0))
while True:
    d = s.recv(2048)
    if d[42:46] == b"LMPD" and d[47] == 2 and len(d) < 400:
        print(int(time.time() * 1000), flush=True)
' >"$SYS/beats" & SYSTEM_PID[beats]=$!

mail() {
	printf '%s\r\n' 'From: a@tidewater.example' \
	    'To: reader@agency.example' "Subject: $1" '' 'Words.' >"$SYS/mail"
	system_send "$SYS/mail" >/dev/null
}
# events ROOT RECORD EVENT: the times of an event in milliseconds
events() {
	sed -n "s/^[0-9]* \([^ ]*\) $3 .*/\1/p" "$1/var/lib/limpid/record/$2.record" |
	    while read -r t; do date -d "$t" +%s%3N; done
}
until_true() { local t=$((SECONDS + $1)); shift; until "$@"; do [ $SECONDS -lt $t ] || return 1; sleep 0.02; done; }
has_event() { [ -n "$(events "$@")" ]; }
has_event_more() { [ "$(events "$1" "$2" "$3" | wc -l)" -gt "$4" ]; }
beat_after() { awk -v t="$1" '$1 > t { print; exit }' "$SYS/beats"; }
beat_before() { awk -v t="$1" '$1 <= t { b = $1 } END { print b }' "$SYS/beats"; }
figure() { "$BIN/limpid" status --root "$san" --json | /usr/bin/python3 -c "import json,sys
print([l['missing'] for l in json.load(sys.stdin)['links'] if l['name'] == '1-recv'][0])"; }
figure_is() { [ "$(figure)" = "$1" ]; }
line_shown() { "$BIN/limpid" status --root "$san" | grep -q 'gap .*number 2 never came'; }
told_inside() { [ -n "$(system_query 'select 1 from missing where link = 1 and sequence = 2' 2>/dev/null)" ]; }
# within WHAT THEN: no later than two seconds behind the heartbeat
within() {
	[ -n "$2" ] && [ $(($2 - beat)) -le 2000 ]
	ok $? "$1 within two seconds of the next heartbeat"
	note "$(awk "BEGIN { print (${2:-0} - $beat) / 1000 }") s"
}

mail first
system_wait 1 20
is "$(system_count)" 1 'a mail crosses both lines'
[ "$(system_count)" = 1 ] || { tail -n 3 "$SYS"/log/* | sed 's/^/# /'; done_testing; }

# The line takes all objects away, and lets heartbeats pass.
ip netns exec $net-san nft add rule netdev oneway-link1 line @th,104,8 1 drop
mail lost
until_true 5 has_event_more "$ext" diode-send-1 link.sent 1
sent=$(events "$ext" diode-send-1 link.sent | tail -n 1)
until_true 8 has_event "$san" diode-recv-1 link.gap &
event_seen=$!
until_true 8 line_shown; line=$(date +%s%3N)
until_true 8 figure_is 1; figure=$(date +%s%3N)
until_true 8 told_inside
wait $event_seen
beat=$(beat_after "$sent")
[ -n "$beat" ] && [ $((beat - sent)) -le 1500 ]
ok $? 'a heartbeat follows the object'
within 'the event stands in the record' "$(events "$san" diode-recv-1 link.gap | head -n 1)"
within 'limpid status has its line' "$line"
within 'and its figure' "$figure"
within 'the list goes inside' "$(events "$san" sanitizerd link.missing | head -n 1)"
within 'the index inside knows' "$(system_query 'select first_seen_ms from missing where link = 1 and sequence = 2')"
ip netns exec $net-san nft flush chain netdev oneway-link1 line

# A sender that falls silent, and one whose line is cut.
silent() {	# silent WHAT COUNT: the next link.silent, against the last heartbeat
	local at last
	until_true 8 has_event_more "$san" diode-recv-1 link.silent "$2"
	at=$(events "$san" diode-recv-1 link.silent | tail -n 1)
	last=$(beat_before "${cut:-$at}")
	[ $((at - last)) -ge 3000 ] && [ $((at - last)) -le 4500 ]
	ok $? "$1 is an alarm once three heartbeats are missing"
	note "$(awk "BEGIN { print ($at - $last) / 1000 }") s after the last one"
}
cut=
kill -STOP "${SYSTEM_PID[diode-send-1]}"
silent 'a sender that hangs' 0
kill -CONT "${SYSTEM_PID[diode-send-1]}"
until_true 5 has_event "$san" diode-recv-1 link.heard
ok $? 'its return is an event'
n=$(events "$san" diode-recv-1 link.silent | wc -l)
cut=$(date +%s%3N)
hosts_lose $net 1 1000
silent 'a line that is cut' "$n"
hosts_lose $net 1 0
until_true 5 "$BIN/limpid" status --root "$ext" >/dev/null
is "$(hosts_back $net)" 'packets back: 0' 'no packet came back'
system_stop
none_stopped
done_testing
