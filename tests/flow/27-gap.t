#!/bin/bash
# What never came: the last objects of a link are lost, the receiver says so within
# two seconds of the next heartbeat, prints slips, and the sender repeats them under
# their numbers. A silent sender is an alarm, and its return an event.
# LONG=1: over transport file too.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/ends.sh
put=$bin/parcel-put
trap 'ends_stop; rm -rf "$top"' EXIT
arrived() { find "$s/spool/link1-in/new" -type f | wc -l; }
has_arrived() { [ "$(arrived)" -ge "$1" ]; }
sent() { find "$s/spool/link1-out/sent" -type f | wc -l; }
has_sent() { [ "$(sent)" -ge "$1" ]; }
recorded() { grep -q "$1" "$s/record/$2"; }
status() { "$bin/limpid" status --root "$top/$1"; }
missing() { sed -n '4,$p' "$s/spool/link1-in/missing" 2>/dev/null | paste -sd' '; }

# gap_walk NAME LABEL: gap -> alarm -> slip -> resend -> healed, for the sequences
# 6, 7 and 8, which `lose` and `found` (per transport) take away and give back.
gap_walk() {
	local name=$1 slip code
	recv_start "$name"; send_start "$name"
	"${as[@]}" "$put" "$top/$name" 5 2000 0 >/dev/null
	check "$2: five arrive" until_true 10 has_arrived 5
	has_arrived 5 || { sed 's/^/# /' "$top/$name".*; return; }
	is "$(status "$name" >/dev/null; echo $?)" 0 "$2: status is content"
	check "$2: and shows both ends" until_true 3 \
	    sh -c "'$bin/limpid' status --root '$top/$name' | grep -q 'received up to 5 of 5'"
	lose "$name"
	SECONDS=0
	check "$2: the loss of the LAST objects is noticed" \
	    until_true 8 recorded 'link.gap .*missing=6-8' diode-recv-1.record
	check "$2: in the log" grep -q 'ALARM: sequence 6-8 never came' "$top/$name.recv"
	check "$2: in the list for the program behind" until_true 3 missing_is 6-8
	status "$name" >"$top/status"
	is $? 1 "$2: limpid status exits 1"
	check "$2: and has a line for it" grep -q 'gap .*number 6-8 never came' "$top/status"
	slip=$("$bin/limpid" slip --root "$top/$name")
	is $? 0 "$2: limpid slip prints"
	note "$slip"
	slip=${slip##* }
	is "$slip" LR-50000-00060-002KY "$2: one slip for three numbers"
	found "$name"
	"$bin/limpid" resend --root "$top/$name" "${slip%?}0" 2>"$top/err"
	is $? 65 "$2: a mistyped slip has its exit code"
	check "$2: and its sentence" grep -q 'a letter is mistyped' "$top/err"
	"$bin/limpid" resend --root "$top/$name" \
	    "$(tr 'A-Z0-' 'a-zo ' <<<"$slip")" >"$top/out"
	is $? 0 "$2: the slip is taken as people type it"
	check "$2: the three arrive" until_true 8 has_arrived 8
	check "$2: healed in the record" until_true 3 recorded_times link.healed diode-recv-1 3
	check "$2: resent in the sender's" until_true 3 recorded_times link.resent diode-send-1 3
	check "$2: nothing is missing any more" until_true 3 healed
	check "$2: status is content again" until_true 3 status "$name"
	check "$2: the wish is gone" until_true 3 \
	    sh -c "! ls '$s'/link/1-send/resend-* 2>/dev/null"
	repeats=$(repeats)
	"$bin/limpid" resend --root "$top/$name" "$slip" >/dev/null
	check "$2: sent once more" until_true 8 recorded_times link.resent diode-send-1 6
	check "$2: it is a repeat" until_true 5 repeats_above "$repeats"
	is "$(arrived)" 8 "$2: and not taken"
	is "$("$bin/limpid" slip --root "$top/$name"; echo $?)" \
	    $'nothing is missing\n1' "$2: no gap, no slip"
}
healed() { [ -z "$(missing)" ] && ! [ -s "$s/link/1-recv/gaps" ]; }
missing_is() { [ "$(missing)" = "$1" ]; }
recorded_times() { [ "$(grep -c "$1" "$s/record/$2.record")" = "$3" ]; }
repeats() { sed -n 's/^repeats //p' "$s/link/1-recv/status"; }
repeats_above() { [ "$(repeats)" -gt "$1" ]; }

# zmq loses nothing that its sender still has: what was on the way when the receiver
# died is taken from the sender's hands too.
host z zmq "tcp://127.0.0.1:$((20000 + RANDOM % 20000))"
s=$top/z/var/lib/limpid
lose() {
	kill -STOP "$recv"
	"${as[@]}" "$put" "$top/$1" 3 2000 0 >/dev/null
	until_true 5 has_sent 8
	end 9 "$recv"; end 9 "$send"
	mkdir "$top/aside"
	for f in $(ls "$s/spool/link1-out/sent" | sort | tail -n 3); do
		mv "$s/spool/link1-out/sent/$f" "$top/aside"
	done
	recv_start "$1"; send_start "$1"
}
found() { mv "$top"/aside/* "$s/spool/link1-out/sent"; }
gap_walk z zmq

# A sender that is silent.
end 9 "$send"
SECONDS=0
check 'a silent sender is an alarm' until_true 6 recorded link.silent diode-recv-1.record
note "in the eyes of the test after $SECONDS s"
check 'status says SILENT' until_true 3 sh -c "'$bin/limpid' status --root '$top/z' | grep -q 'SILENT: no heartbeat'"
send_start z
check 'its return is an event' until_true 5 recorded link.heard diode-recv-1.record
check 'status is content with it' until_true 4 status z

# A receiver that is away.
end 9 "$recv"
"${as[@]}" "$put" "$top/z" 4 2000 0 >/dev/null
check 'status says that the far end is away' until_true 10 \
    sh -c "'$bin/limpid' status --root '$top/z' | grep -q 'AWAY: .* 4 parcels'"
recv_start z
check 'they pass when it is back' until_true 8 has_arrived 12

# Slips that cannot be served.
"$bin/limpid" resend --root "$top/z" LR-50000-2QWG0-000X1 2>"$top/err"
is $? 66 'a number that was never given has its exit code'
check 'and its sentence' grep -q 'has given none above 12' "$top/err"
mkdir "$top/old"
mv "$s"/spool/link1-out/sent/* "$top/old"
"$bin/limpid" resend --root "$top/z" LR-50000-00060-002KY 2>"$top/err"
is $? 69 'what expired has its exit code'
check 'and its sentence' grep -q 'expired, this host keeps no copy' "$top/err"
mv "$(ls "$top"/old/* | sed -n 7p)" "$s/spool/link1-out/sent"
"$bin/limpid" resend --root "$top/z" LR-50000-00060-002KY >"$top/out" 2>"$top/err"
is $? 1 'a part of it has its exit code'
"$bin/limpid" resend --root "$top/z" hello 2>"$top/err"
is $? 65 'what is no slip is said to be none'
mv "$s/link/1-send" "$s/link/2-send"
"$bin/limpid" resend --root "$top/z" LR-50000-00060-002KY 2>"$top/err"
is $? 78 'a host without that sender says so'
end 9 "$send"; end 9 "$recv"

# Other settings at the two ends.
cp -r "$top/z" "$top/y"
mv "$top/y/var/lib/limpid/link/2-send" "$top/y/var/lib/limpid/link/1-send"
sed -i 's/transport = zmq/&\nmax_object = 1M/' "$top/y/etc/limpid/limpid.conf"
own y
send_start y; recv_start z
check 'a max_object that differs is an alarm' until_true 8 recorded link.config diode-recv-1.record
end 9 "$send"; end 9 "$recv"

if [ -n "${LONG-}" ]; then
	# file: an object that vanishes from the medium.
	mkdir -m 777 "$top/media"
	host f file "$top/media"
	s=$top/f/var/lib/limpid
	lose() {
		end 9 "$recv"
		"${as[@]}" "$put" "$top/$1" 3 2000 0 >/dev/null
		until_true 5 has_sent 8
		rm "$top"/media/*.lmpo
		recv_start "$1"
	}
	found() { :; }
	gap_walk f file
	end 9 "$send"; end 9 "$recv"
fi

# More gaps than the list has room for are not passed over.
mkdir -p "$top/many/var/lib/limpid/spool/link1-in"
printf 'limpid-missing-1\nlink 1\nchange 1\n6-8\nmore 17\n' \
    >"$top/many/var/lib/limpid/spool/link1-in/missing"
is "$("$bin/limpid" slip --root "$top/many" 2>&1 | paste -sd,)" \
    'limpid slip: link 1: 17 more gaps follow; type this again when these came,link 1  numbers 6-8  ->  limpid resend LR-50000-00060-002KY' \
    'limpid slip says that there are more'
"$bin/limpid" slip --root "$top/many" --link 1x 2>/dev/null
is $? 2 'and takes no link that is none'

# udp, on a line that is physically one-way: all of it is lost for a while.
. tests/lib/oneway.sh
net=lmgap$$
if [ "$(id -u)" = 0 ] && hosts_up "$net" 2>/dev/null; then
	trap 'ends_stop; hosts_down "$net"; rm -rf "$top"' EXIT
	outside=(ip netns exec "$net-ext") inside=(ip netns exec "$net-san")
	host u udp udp://10.77.1.2:7101 $'rate = "100M"\nrounds = 1'
	s=$top/u/var/lib/limpid
	lose() {
		hosts_lose "$net" 1 1000
		"${as[@]}" "$put" "$top/$1" 3 2000 0 >/dev/null
		until_true 5 has_sent 8
		sleep 0.3
		hosts_lose "$net" 1 0
	}
	found() { :; }
	gap_walk u udp
	SECONDS=0
	hosts_lose "$net" 1 1000
	check 'udp: a line that is cut is an alarm' until_true 8 recorded link.silent diode-recv-1.record
	note "in the eyes of the test after $SECONDS s"
	hosts_lose "$net" 1 0
	check 'udp: its return is an event' until_true 5 recorded link.heard diode-recv-1.record
	is "$(hosts_back "$net")" 'packets back: 0' 'udp: no packet came back'
	end 9 "$send"; end 9 "$recv"
else
	hosts_down "$net"
	note 'udp: not tried, it needs root and network namespaces'
fi

end 9 "$send"; end 9 "$recv"
none_stopped
done_testing
