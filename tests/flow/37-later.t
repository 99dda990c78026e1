#!/bin/bash
# Passwords that come in another mail, through all programs: the same sender to the same
# recipient only, one copy that follows, through kill -9, and nothing kept beyond the
# window or in the clear.
. tests/lib/tap.sh
. tests/lib/system.sh
[ "$(id -u)" = 0 ] || skip_all 'needs root'
trap system_remove EXIT
system_init || skip_all 'limpid-init does not work here'
mkdir "$SYS/in"
/usr/bin/python3 tests/samples/locked.py "$SYS/in" || skip_all 'no qpdf or openssl'
kept=$san/var/lib/limpid

mail() {	# mail NAME BODY FILE...
	/usr/bin/python3 - "$SYS/$1.eml" "${@:2}" <<'PY'
import sys
from email.message import EmailMessage
m = EmailMessage()
m["From"], m["To"], m["Subject"] = "a@example.org", "b@example.net", "Files"
m.set_content(sys.argv[2])
for f in sys.argv[3:]:
    with open(f, "rb") as data:
        m.add_attachment(data.read(), maintype="application", subtype="octet-stream",
                         filename=f.rsplit("/", 1)[-1])
with open(sys.argv[1], "wb") as out:
    out.write(m.as_bytes(policy=m.policy.clone(linesep="\r\n")))
PY
}
waiting() { ls "$kept/waiting" | grep -c parcel; }
settled() {	# settled COUNT: the waiting mails are as many
	local i
	for i in $(seq 150); do
		[ "$(waiting)" = "$1" ] && return
		sleep 0.1
	done
	return 1
}
mail locked 'See the files.' "$SYS/in/crypto.zip" "$SYS/in/rc4.pdf"
mail sesame 'The password is sesame, as agreed.'
mail locked2 'Another file.' "$SYS/in/aes.zip"
mail zebra 'PW: Zebra-7'
system_start
ok $? 'a system starts'

# A locked mail waits; a stranger's word opens nothing.
system_send "$SYS/locked.eml"
system_wait 1 30 || { tail "$SYS"/log/*; exit 1; }
settled 1
is "$(waiting)" 1 'a mail with locked parts waits'
first=$(system_query 'select ref from mail')
is "$(system_query "select count(*) from part where reason = 'encrypted' and
    note like 'ask the sender to mail the password%until 20%'")" 2 \
    'its stubs say how to ask, and until when'
SENDER=stranger@example.com system_send "$SYS/sesame.eml"
system_wait 2 30
sleep 2
is "$(system_count) $(waiting)" '2 1' 'the word of another sender opens nothing'

# The sanitizer dies between the two mails.
system_kill sanitizerd
system_send "$SYS/sesame.eml"
system_start_one sanitizerd
system_wait 4 60
is "$(system_count)" 4 'the word of the sender, after kill -9: one more copy'
settled 0
is "$(waiting)" 0 'and nothing waits any more'
follow=$(system_query "select m.ref from mail m join fact f on f.mail_id = m.id
    where f.fact = 'follows' and f.value = '$first'")
is "$(system_query "select parts, stubs, pages from mail where ref = '$follow'")" '3|0|1' \
    'with what was opened, and nothing else'
file=$(grep -l "^X-Limpid-Reference: $follow" "$int"/var/lib/limpid/mail/reader/new/*)
grep -q "^Completes: *$first" "$file"
ok $? 'it says which mail it completes'
grep -q '^Subject: \[Opened later\] Files' "$file"
ok $? 'and what it is'
"$BIN/limpid" trace --root "$san" "$first" >"$SYS/trace"
grep -q 'mail.waiting' "$SYS/trace" && grep -q "mail.unlocked .*follow=$follow" "$SYS/trace"
ok $? 'trace of the first mail tells of both'
"$BIN/limpid" trace --root "$san" "$follow" | grep -q "mail.follows .*first=$first"
ok $? 'and trace of the second'

# The word is there already.
system_send "$SYS/locked.eml"
system_wait 5 30
is "$(system_count) $(waiting)" '5 0' 'with an earlier word nothing waits'
newest=$(ls -t "$int"/var/lib/limpid/mail/reader/new/* | head -1)
grep -q 'opened by a word in the earlier mail LM-' "$newest"
ok $? 'and the copy says which mail it came in'

# Killed again and again while it works.
system_send "$SYS/locked2.eml"
system_wait 6 30
settled 1
system_send "$SYS/zebra.eml"
for delay in 0.05 0.2 0.35 0.1 0.5; do
	sleep $delay
	system_kill sanitizerd
	system_start_one sanitizerd
	system_ready sanitizerd
done
system_wait 8 90
settled 0
sleep 2
is "$(system_count) $(waiting)" '8 0' 'through five kills, exactly one copy follows'

# The index is made again from the mails alone.
follows() { system_query "select m.ref, f.value from mail m join fact f on f.mail_id = m.id
    where f.fact in ('follows', 'unlocked') order by 1, 2"; }
follows >"$SYS/before"
"$BIN/limpid-index" rebuild --root "$int" >/dev/null 2>&1
follows >"$SYS/after"
[ -s "$SYS/before" ] && cmp -s "$SYS/before" "$SYS/after"
ok $? 'an index made again knows what completes what'

# What is kept, and for how long.
! grep -rqaiE 'sesame|zebra-7' "$kept" "$san/run" "$san/etc" "$SYS/log"
ok $? 'no password stands in the clear on the sanitizer host or in a log'
is "$(find "$kept/words" "$kept/waiting" -type f -perm /077 | wc -l)" 0 'nobody else may read them'
system_send "$SYS/locked2.eml"
sed -i 's/password-window 48h/password-window 4s/' "$san/etc/limpid/policy.conf"
kill -HUP "${SYSTEM_PID[sanitizerd]}"
for _ in $(seq 100); do
	[ -z "$(ls "$kept/words" "$kept/waiting" | grep LM-)" ] && break
	sleep 0.1
done
is "$(ls "$kept/words" "$kept/waiting" | grep LM-)" '' 'after the window nothing is kept'
before=$(system_count)
SENDER=other@example.com system_send "$SYS/locked2.eml"
system_wait $((before + 1)) 30
settled 1
sed -i 's/password-window 4s/password-window 0/' "$san/etc/limpid/policy.conf"
kill -HUP "${SYSTEM_PID[sanitizerd]}"
settled 0
is "$(waiting)" 0 'a window of 0 erases at once'
SENDER=other@example.com system_send "$SYS/locked2.eml" "$SYS/zebra.eml"
system_wait $((before + 3)) 30
sleep 1
is "$(ls "$kept/words" "$kept/waiting" | grep LM-)" '' 'and keeps nothing'
is "$(system_count)" $((before + 3)) 'and nothing follows'
"$BIN/limpid" record verify --root "$san" >/dev/null 2>&1
ok $? 'the record is whole'
[ "$tap_bad" = 0 ] || tail -n 30 "$SYS/log/sanitizerd" | sed 's/^/# /'
done_testing
