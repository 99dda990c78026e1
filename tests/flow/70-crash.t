#!/bin/bash
# kill -9 of every program at random moments while mails run: each mail arrives,
# none twice. KILLS and MAILS may be raised (make soak does).
. tests/lib/tap.sh
. tests/lib/system.sh
[ "$(id -u)" = 0 ] || skip_all 'needs root'
trap system_remove EXIT
MAILS=${MAILS:-200} KILLS=${KILLS:-20}
RANDOM=${SEED:-$$}
note "SEED=${SEED:-$$} repeats the choice of victims"
system_init && system_start || { ok 1 'the system starts'; done_testing; }

mkdir "$SYS/mails"
for i in $(seq "$MAILS"); do
	printf 'From: a@tidewater.example\r\nTo: reader@agency.example\r\nSubject: mail %d\r\nMessage-ID: <m%d@tidewater.example>\r\n\r\nbody %d\r\n' \
	    "$i" "$i" "$i" >"$SYS/mails/$i.eml"
done
system_send "$SYS"/mails/*.eml &
sender=$!
for victim in "${SYSTEM[@]}"; do
	for _ in $(seq "$KILLS"); do
		echo "$victim"
	done
done | shuf --random-source=<(yes "${SEED:-$$}") >"$SYS/victims"
while read -r victim; do
	sleep "0.0$((RANDOM % 90 + 10))"
	system_kill "$victim"
	system_start_one "$victim"
done <"$SYS/victims"
wait $sender
ok $? "$MAILS mails are accepted while programs die"
system_wait "$MAILS" 120
ok $? "all arrive after $((KILLS * ${#SYSTEM[@]})) kills"
is "$(system_count)" "$MAILS" 'none is missing and none came twice'
is "$(system_query 'select count(distinct subject) from mail')" "$MAILS" \
    'each mail is a different one'
is "$(ls "$int"/var/lib/limpid/mail/reader/new | wc -l)" "$MAILS" \
    'the Maildir holds each once'
for root in "$ext" "$san" "$int"; do
	"$BIN/limpid" record verify --root "$root" >"$SYS/verify" 2>&1
	ok $? "the records of ${root##*/} are whole"
done
[ $tap_bad = 0 ] || tail -n 5 "$SYS"/log/* | sed 's/^/# /'
done_testing
