#!/bin/bash
# What never came over either link stands in the index on the internal host, and is
# healed there when a slip was typed.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/system.sh
mail=/tmp/limpid-ledger.$$
mail() {
	printf '%s\r\n' 'From: a@tidewater.example' \
	    'To: reader@agency.example' "Subject: $1" '' 'Words.' >"$mail"
	system_send "$mail" >/dev/null
}
trap 'rm -f "$mail"; system_remove' EXIT
system_init && system_start || { echo 'Bail out! the system does not start'; exit 1; }
until_true() { local t=$((SECONDS + $1)); shift; until "$@"; do [ $SECONDS -lt $t ] || return 1; sleep 0.1; done; }
ledger() { system_query "select link || ':' || sequence || ':' || state from missing order by 1" | paste -sd' '; }
ledger_is() { [ "$(ledger)" = "$1" ]; }
# Sent parcels of a link, the newest last.
sent_of() { find "$1/var/lib/limpid/spool/link$2-out/sent" -type f 2>/dev/null | sort; }
sent_are() { [ "$(sent_of "$1" "$2" | wc -l)" -ge "$3" ]; }

mail first
system_wait 1 20
is "$(system_count)" 1 'a mail arrives'
[ "$(system_count)" = 1 ] || { tail -n 5 "$SYS"/log/*; done_testing; }

# lose LINK SENDING-ROOT COUNT: the next object of the link is lost for good.
lose() {
	kill -STOP "${SYSTEM_PID[diode-recv-$1]}"
	mail "lost on link $1"
	until_true 15 sent_are "$2" "$1" "$3"
	system_kill "diode-recv-$1"
	system_kill "diode-send-$1"
	away=$(sent_of "$2" "$1" | tail -n 1)
	mv "$away" "$SYS/aside"
	system_start_one "diode-recv-$1"; system_start_one "diode-send-$1"
	system_ready "diode-recv-$1"; system_ready "diode-send-$1"
	SECONDS=0
}
# resend LINK SENDING-ROOT RECEIVING-ROOT
resend() {
	mv "$SYS/aside" "$away"
	local slip
	slip=$("$BIN/limpid" slip --root "$3" --link "$1")
	note "$slip"
	"$BIN/limpid" resend --root "$2" "${slip##* }" >/dev/null
	ok $? "link $1: the slip is taken"
}

lose 1 "$ext" 2
until_true 12 ledger_is 1:2:missing
is "$(ledger)" 1:2:missing 'what is lost on link 1 stands in the index inside'
note "after $SECONDS s"
resend 1 "$ext" "$san"
system_wait 2 15
is "$(system_count)" 2 'the mail arrives'
until_true 10 ledger_is 1:2:healed
is "$(ledger)" 1:2:healed 'and the number is healed'

n=$(sent_of "$san" 2 | wc -l)
lose 2 "$san" $((n + 1))
lost() { ledger | grep -q "2:$((n + 1)):missing"; }
until_true 12 lost
ok $? 'what is lost on link 2 stands there too'
resend 2 "$san" "$int"
system_wait 3 15
is "$(system_count)" 3 'that mail arrives'
until_true 10 ledger_is "1:2:healed 2:$((n + 1)):healed"
is "$(ledger)" "1:2:healed 2:$((n + 1)):healed" 'all is healed'

# One that is accepted as lost is neither missing nor healed, until it comes.
rest="2:$((n + 1)):healed"
lose 1 "$ext" 4
until_true 12 ledger_is "1:2:healed 1:4:missing $rest"
is "$(ledger)" "1:2:healed 1:4:missing $rest" 'one more is lost on link 1'
"$BIN/limpid" missing accept --root "$san" --why 'the test has lost it' 4 >/dev/null
ok $? 'and is accepted on the sanitizer host'
until_true 10 ledger_is "1:2:healed 1:4:accepted $rest"
is "$(ledger)" "1:2:healed 1:4:accepted $rest" 'the index inside says accepted'
"$BIN/limpid" index rebuild --root "$int" >/dev/null
ok $? 'the index is made again'
is "$(ledger)" "1:2:healed 1:4:accepted $rest" 'and says the same'
mv "$SYS/aside" "$away"
"$BIN/limpid" resend --root "$ext" LR-50000-00040-000KA >/dev/null
system_wait 4 15
is "$(system_count)" 4 'the mail comes after all'
until_true 10 ledger_is "1:2:healed 1:4:healed $rest"
is "$(ledger)" "1:2:healed 1:4:healed $rest" 'and its number is healed'
for root in "$ext" "$san" "$int"; do
	until_true 5 "$BIN/limpid" status --root "$root" >/dev/null 2>&1
	ok $? "status of ${root##*/} is content"
done
system_stop
none_stopped
done_testing
