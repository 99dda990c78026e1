#!/bin/bash
# The secret of a link over udp, as an operator meets it: one host for all, a host for
# each role, and a new secret while mail runs.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/system.sh
. tests/lib/line.sh
[ "$(id -u)" = 0 ] || skip_all 'needs root for the users that own keys'
trap 'system_remove; line_remove; line_down' EXIT
limpid=$BIN/limpid
says() { grep -q -- "$1" "$SYS/said"; ok $? "$2"; }
typed() { "$limpid" "$@" >"$SYS/said" 2>&1; }
udp_port() { /usr/bin/python3 -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# One host for all: limpid init is enough.
SYS=$(mktemp -d /tmp/limpid-keys.XXXXXX)
chmod 755 "$SYS"
mkdir "$SYS/log"
ext=$SYS/all san=$SYS/all int=$SYS/all
keys=$SYS/all/etc/limpid/keys
typed init all --root "$SYS/all" --hostname mx.agency.example \
    --domain agency.example --viewer "127.0.0.1:$(free_port)" \
    --link1 "udp://127.0.0.1:$(udp_port)" --link2 "udp://127.0.0.1:$(udp_port)"
is $? 2 'all over udp: without a rate limpid init refuses'
says '80 % of its line' 'and says what is wanted'
typed init all --root "$SYS/all" --hostname mx.agency.example \
    --domain agency.example --viewer "127.0.0.1:$(free_port)" --rate 200M \
    --link1 "udp://127.0.0.1:$(udp_port)" --link2 "udp://127.0.0.1:$(udp_port)"
is $? 0 'all over udp: made'
says 'enable --now limpid-intaked limpid-diode-send@1 limpid-diode-recv@1' 'with the next step'
! grep -q 'bring what\|hand on' "$SYS/said"
ok $? 'and nothing to carry'
is "$(stat -c '%a %U %G' "$keys/link1-udp.key")" '440 limpid-send limpid-recv' \
    'the secret is readable for both ends, and for nobody else'
SYSTEM=(intaked diode-recv-2 diode-recv-1 sanitizerd diode-send-1 diode-send-2 deliverd)
system_start
ok $? 'all programs start'
printf '%s\r\n' 'From: a@tidewater.example' 'To: reader@agency.example' \
    'Subject: one host' '' 'Words.' >"$SYS/mail"
system_send "$SYS/mail" >/dev/null
system_wait 1 20
is "$(system_count)" 1 'a mail arrives'
[ "$(system_count)" = 1 ] || tail -n 3 "$SYS"/log/* | sed 's/^/# /'
system_stop
before=$(cat "$keys"/link*.key | sha256sum)
typed init all --root "$SYS/all" --rate 200M --link1 udp://127.0.0.1:1 --link2 udp://127.0.0.1:2
is "$? $(cat "$keys"/link*.key | sha256sum)" "0 $before" 'a second limpid init changes no key'
says 'limpid.conf is there already' 'and says what it left alone'

# A host for each role: the secret is carried by hand.
e=$SYS/e i=$SYS/s medium=$SYS/medium
typed init external --root "$e" --rate 200M --link1 udp://10.0.0.2:7101
says 'hand on the secret of this host.s link (link1-udp.key): limpid keys export --secret' 'the sending host says what it must hand on'
typed init sanitizer --root "$i" --link1 udp://10.0.0.2:7101 --link2 tcp://10.0.1.2:7102
says 'link1-udp.key): limpid keys export --secret DIR there' 'the receiving host says what it lacks'
! grep -q 'link1-[a-z]*-curve' "$SYS/said"
ok $? 'and no key that udp does not use'
typed keys export --root "$e" "$medium"
! ls "$medium"/*.key 2>/dev/null
ok $? 'no secret leaves without --secret'
says 'the sanitizer host needs link1-udp.key too' 'and that is said'
"$BIN/limpid-diode-recv" --root "$i" --link 1 >"$SYS/said" 2>&1
is $? 66 'without the keys the receiver does not start'
typed keys export --secret --root "$e" "$medium"
typed keys import --root "$i" "$medium"
is $? 0 'the keys are carried'
is "$(stat -c '%a %U' "$i/etc/limpid/keys/link1-udp.key")" '400 limpid-recv' 'the secret belongs to the receiver'
! ls "$medium"/*.key 2>/dev/null
ok $? 'and is off the medium'
fingerprint() { "$limpid" keys list --root "$1" | sed -n 's/^link1-udp  *\(.*\)  secret$/\1/p'; }
[ -n "$(fingerprint "$e")" ] && is "$(fingerprint "$i")" "$(fingerprint "$e")" 'limpid keys list compares it'
typed keys renew 1 --root "$i"
is $? 78 'the receiving host does not renew it'
says 'type it on the external host' 'and says who does'
typed keys renew 2 --root "$i"
is $? 78 'nor is there one of a link over tcp'
rm "$e/etc/limpid/keys/link1-udp.key"
"$BIN/limpid-key" "$e/etc/limpid/keys" link1-udp udp
typed keys export --secret --root "$e" "$medium"
typed keys import --root "$i" "$medium"
is $? 1 'another secret in the same slot is not taken'
says 'differs from' 'and that is said'

# A new secret while mail runs: the second slot, the receiver first.
line_can && line_up || { note 'no namespaces: not renewed on a line'; done_testing; }
line_host 'rate = "100M"' 'rounds = 2' 'round_gap = 2'
line_keys=$line_root/etc/limpid/keys
restarted() { [ "$(line_pid diode-recv-1)" != "$was" ] && [ -n "$(line_pid diode-recv-1)" ]; }
recv_again() {
	was=$(line_pid diode-recv-1)
	line_kill TERM diode-recv-1
	line_wait 10 restarted
}
send_slot() {
	sed -i "/key_slot/d; s/rate = .*/&\nkey_slot = $1/" "$line_root/etc/limpid/limpid.conf"
	line_kill TERM diode-send-1
	line_send
}
line_recv_kept; line_send
line_put 600 3000 10 & putting=$!
line_wait 10 line_has 50
typed keys renew 1 --root "$line_root"
is $? 0 'a new secret is made while mail runs'
says 'key_slot = 2' 'and how to change over is printed'
is "$(stat -c '%a %u' "$line_keys/link1-udp-2.key")" '400 65534' 'it belongs to whom the old one does'
typed keys renew 1 --root "$line_root"
is $? 1 'while both slots are in use no third one is made'
recv_again
line_wait 10 line_has 200
send_slot 2
wait $putting
line_wait 20 line_has 600
is "$(line_arrived)" 600 'all 600 arrive'
is "$(ls "$line_root"/var/lib/limpid/spool/link1-in/new | grep -o 'LM-[0-9A-Z-]*' | sort | uniq -d)" '' 'none twice'
is "$(line_count forged)" 0 'and no datagram was refused'
! grep -q 'link.gap' "$line_root/var/lib/limpid/record/diode-recv-1.record"
ok $? 'nothing was ever missing'
rm "$line_keys/link1-udp.key"
recv_again
line_put 20 3000 0
line_wait 10 line_has 620
is "$(line_arrived)" 620 'without the old secret it goes on'
typed keys renew 1 --root "$line_root"
says 'link1-udp.key is made' 'the next time it is the first slot again'
recv_again
send_slot 1
line_put 20 3000 0
line_wait 10 line_has 640
is "$(line_arrived)" 640 'and that works as well'
is "$(line_back)" 0 'no packet came back'
line_kill KILL diode-send-1
line_kill KILL diode-recv-1
# The shell that started them writes there how they ended.
! grep -h 'Bad system call' "$line_top"/*.log
ok $? 'no filter stopped an end of the line'
none_stopped
done_testing
