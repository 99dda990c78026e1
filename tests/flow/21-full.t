#!/bin/bash
# The far end is away for long: real intake, sender and receiver with the keys that
# `limpid init` made. The spool grows and says so, the MTA is put off at the
# high-water mark, and all that was accepted arrives once when the far end is back.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/system.sh
trap 'system_remove' EXIT
check() { local what=$1; shift; "$@" >/dev/null 2>&1; ok $? "$what"; }
until_true() { local t=$((SECONDS + $1)); shift; until "$@"; do [ $SECONDS -lt $t ] || return 1; sleep 0.1; done; }
system_init || { not_started=1; ok 1 'the keys and folders are made'; done_testing; }

# Keys: a pair at each end, of different ends' making, private ones for one user.
is "$(ls "$ext"/etc/limpid/keys/link1-*-curve.* | xargs -n1 basename | paste -sd' ')" \
    'link1-recv-curve.pub link1-send-curve.key link1-send-curve.pub' \
    'init makes the sender its CURVE keys, import brings the other public one'
is "$(ls "$san"/etc/limpid/keys/link1-*-curve.* | xargs -n1 basename | paste -sd' ')" \
    'link1-recv-curve.key link1-recv-curve.pub link1-send-curve.pub' \
    'and the receiver likewise'
is "$(stat -c %a "$ext"/etc/limpid/keys/link1-send-curve.key)" 400 'private keys are one user'"'"'s'
cmp -s "$ext/etc/limpid/keys/link1-recv-curve.pub" "$san/etc/limpid/keys/link1-recv-curve.pub"
ok $? 'what was carried is what was made'

# Keys that cannot be right are said at the start.
keys=$ext/etc/limpid/keys
start_fails() {
	"$BIN/limpid-diode-send" --root "$ext" --link 1 2>"$SYS/err"
	[ $? = 78 ] && grep -q -- "$1" "$SYS/err"
}
cp -p "$keys/link1-send-curve.pub" "$SYS/keep"
rm "$keys/link1-send-curve.pub"
cp "$keys/link1-recv-curve.pub" "$keys/link1-send-curve.pub"
check 'a public key of another pair is named, with what to do' \
    start_fails 'link1-send-curve.pub does not belong to the .key beside it; remove both'
cp -pf "$SYS/keep" "$keys/link1-send-curve.pub"
cp -p "$keys/link1-recv-curve.pub" "$SYS/keep"
rm "$keys/link1-recv-curve.pub"; echo short >"$keys/link1-recv-curve.pub"
check 'a cut key is named' start_fails 'link1-recv-curve.pub: is not a CURVE key of 40 characters; copy it'
rm "$keys/link1-recv-curve.pub"; printf '~%.0s' {1..40} >"$keys/link1-recv-curve.pub"
check 'and one of wrong letters' start_fails 'link1-recv-curve.pub is not a CURVE key; copy it again'
cp -pf "$SYS/keep" "$keys/link1-recv-curve.pub"

# Away.
echo 'spool { high_water = 3M reserve = 0 }' >>"$ext/etc/limpid/limpid.conf"
python3 - "$SYS/mail" <<'P'
import base64, os, sys
body = base64.encodebytes(os.urandom(180000)).decode()
open(sys.argv[1], 'w').write('From: a@tidewater.example\nTo: reader@agency.example\n'
    'Subject: far away\n\n' + body)
P
# lmtp: prints the answer to one mail.
lmtp() {
	python3 - "$ext/run/limpid/lmtp.sock" "$SYS/mail" <<'P'
import smtplib, sys
with smtplib.LMTP(sys.argv[1], local_hostname='mx.agency.example') as s:
    try:
        s.sendmail('a@tidewater.example', ['reader@agency.example'], open(sys.argv[2]).read())
        print(250)
    except smtplib.SMTPResponseException as e:
        print(e.smtp_code, e.smtp_error, file=sys.stderr)
        print(e.smtp_code)
    except smtplib.SMTPRecipientsRefused as e:
        print(e.recipients, file=sys.stderr)
        print(list(e.recipients.values())[0][0])
P
}
system_start_one intaked
system_ready intaked
accepted=0 answers=''
for _ in $(seq 40); do
	code=$(lmtp)
	[ "$code" != 250 ] || accepted=$((accepted + 1))
	answers="$answers $code"
	[ "$code" = 250 ] || break
done
# Now, so that the first line of its log has all of them.
system_start_one diode-send-1
system_ready diode-send-1
is "$code" 452 'at the high-water mark the MTA is told 452'
[ "$accepted" -ge 8 ] && [ "$accepted" -le 14 ]
ok $? "after $accepted mails"
out=$ext/var/lib/limpid/spool/link1-out
is "$(find "$out/new" "$out/work" -type f | wc -l)-$(find "$out/sent" -type f | wc -l)" \
    "$accepted-0" 'all of them wait, and not one counts as sent'
says() { "$BIN/limpid" status --root "$ext" | grep -Eq "$1"; }
check 'limpid status says it with count and age' until_true 12 \
    says "AWAY: the far end takes nothing .*, $accepted parcels \([0-9]+ bytes\) wait there, the oldest for [1-9][0-9]* s"
warns() { "$BIN/limpid" status --root "$ext" >/dev/null; [ $? = 1 ]; }
check 'and exits 1' until_true 8 warns
check 'the log too' until_true 8 \
    grep -Eq "is away for [0-9]+ s: $accepted parcels .* the oldest for [1-9][0-9]* s" "$SYS/log/diode-send-1"
system_kill diode-send-1
system_start_one diode-send-1
system_ready diode-send-1
sleep 1
is "$(find "$out/sent" -type f | wc -l)" 0 'a restart does not change that'
is "$(lmtp)" 452 'and the MTA is put off still'

# Back.
in=$san/var/lib/limpid/spool/link1-in/new
came() { [ "$(find "$in" -type f | wc -l)" = "$accepted" ]; }
system_start_one diode-recv-1
system_ready diode-recv-1
check 'when it is back all arrive' until_true 15 came
refs() { find "$1" -type f -printf '%f\n' | grep -o 'LM-[0-9A-Z-]*' | sort; }
check 'each once' cmp -s <(refs "$in") <(refs "$out/sent")
taken() { [ "$(lmtp)" = 250 ]; }
check 'the MTA is taken again' until_true 8 taken
accepted=$((accepted + 1))
check 'and its mail passes' until_true 8 came
check 'status is content' until_true 8 says '1-send +up, sent up to [0-9]+$'
done_testing
