#!/bin/bash
# limpid-deliverd alone: parcels of copies become mail in boxes and rows in the index,
# once; the index can be made again; what cannot be read is held and said.
. tests/lib/tap.sh
. tests/lib/index_dump.sh
BUILD=${BUILD:-build}
R=$(mktemp -d) || exit 1
PID=
trap '[ -z "$PID" ] || kill -9 $PID 2>/dev/null; rm -rf "$R"' EXIT
K=$R/etc/limpid/keys S=$R/var/lib/limpid/spool/link2-in
MAIL=$R/var/lib/limpid/mail DB=$R/var/lib/limpid/index/index.db
mkdir -p "$K" "$S"/{tmp,new,work,held,sent} "$MAIL" \
    "$R"/var/lib/limpid/{index,record} "$R/run/limpid"
for k in sanitizer-sign internal-seal other-sign; do
	t=ed25519; [ $k != internal-seal ] || t=x25519
	"$BUILD/bin/limpid-key" "$K" $k $t >/dev/null || exit 1
done
printf 'lin@agency.example lin\n@agency.example everybody\n' >"$R/etc/limpid/boxes"
cat >"$R/etc/limpid/limpid.conf" <<CONF
role = "internal"
hostname = "int.agency.example"
sanitizer { seccomp_dir = "$PWD/deploy/seccomp" }
deliver { recipients = "boxes" unclaimed = "unclaimed" }
CONF
as=()
# As root the daemon becomes limpid-deliver; without that user it cannot run so.
[ "$(id -u)" != 0 ] || {
	id limpid-deliver >/dev/null 2>&1 || useradd -r -M -d /nonexistent \
	    -s /usr/sbin/nologin limpid-deliver || skip_all 'no user limpid-deliver'
	chmod 755 "$R"
	as=(setpriv --reuid limpid-deliver --regid limpid-deliver --clear-groups)
}
own() { [ "$(id -u)" != 0 ] || chown -R limpid-deliver "$R"; }
copy() { "$BUILD/tools/make-copy" --ref "$(printf '%02x' "$1")1122334455667788990011" "$2"; }
put() {		# put SIGN.key RCPT... < COPY
	local key=$K/$1.key
	shift
	"${as[@]}" "$BUILD/tools/spool-copy" "$S" "$key" "$K/internal-seal.pub" \
	    "$@" >>"$R/refs"
}
start() {
	rm -f "$R/run/limpid/deliverd.pid"
	own
	"$BUILD/bin/limpid-deliverd" --root "$R" 2>>"$R/log" &
	PID=$!
	for _ in $(seq 100); do
		[ -s "$R/run/limpid/deliverd.pid" ] && return 0
		kill -0 $PID 2>/dev/null || return 1
		sleep 0.05
	done
	return 1
}
stop() { kill "${1:--TERM}" $PID; wait $PID 2>/dev/null; PID=; }
drained() {	# until nothing waits
	for _ in $(seq 300); do
		[ -z "$(ls "$S/new" "$S/work" | grep LM-)" ] && return 0
		sleep 0.05
	done
	return 1
}
count() { ls "$MAIL/$1/new" 2>/dev/null | wc -l; }
sql() { sqlite3 -cmd ".timeout 10000" "$DB" "$1"; }	# waits while deliverd writes

"$BUILD/bin/limpid-deliverd" --root "$R" -n >"$R/out"
is "$?-$(grep -c unclaimed "$R/out")" 0-1 '-n checks and prints the configuration'
own
copy 1 mail | put sanitizer-sign lin@agency.example LIN+x@Agency.example other@agency.example x@far.example
copy 2 plain | put sanitizer-sign lin@agency.example
start && drained
ok $? 'it starts and files what waits'
is "$(count lin)-$(count everybody)-$(count unclaimed)" 2-1-1 \
    'each mail is in the box of each recipient, once'
is "$(stat -c %h "$MAIL"/everybody/new/*)" 3 'one file serves all boxes'
is "$(sql 'SELECT count(*) FROM mail')-$(sql 'SELECT count(*) FROM mailbox')" 2-4 \
    'and the index knows them'
is "$(sql "SELECT subject FROM search WHERE search MATCH '匯款帳'")" \
    'Updated bank details — 匯款帳號 hxxp[:]//evil[.]example' \
    'Chinese words are found'
python3 tests/lib/pictures.py "$(ls "$MAIL"/everybody/new/*)" "$R/x"
ok $? 'the mail holds together'
copy 1 mail | put sanitizer-sign lin@agency.example
copy 2 plain | put sanitizer-sign lin@agency.example new@agency.example
drained
is "$(count lin)-$(count everybody)-$(sql 'SELECT count(*) FROM mail')" 2-2-2 \
    'a repeat is dropped; a recipient who lacked it gets it'
is "$(find "$MAIL" -name 'LM-*' -links +1 | wc -l)" "$(sql \
    'SELECT count(*) FROM mailbox WHERE mail_id IN (SELECT mail_id FROM mailbox GROUP BY 1 HAVING count(*) > 1)')" \
    'and all of them have one file, for which the index knows the offsets'

cut_copy() { copy "$1" mail | head -c "$2"; }
copy 3 plain | put other-sign lin@agency.example
cut_copy 4 9000 | put sanitizer-sign lin@agency.example
echo rubbish | "${as[@]}" tee "$S/new/1795303069002-000000-LM-088H2-48H24-8H248-H248J.a0" \
    >/dev/null
drained
is "$(ls "$S/held" | grep -vc '\.why$')-$(ls "$S/held" | grep -c '\.why$')" 3-3 \
    'a foreign signature, a cut copy and rubbish are held, each with its reason'
for _ in $(seq 50); do	# a parcel is held before its notice is written
	[ "$(count lin)" = 3 ] && break
	sleep 0.1
done
is "$(sql "SELECT count(*) FROM mail WHERE outcome = 'stub'")-$(count lin)" 1-3 \
    'the recipients of the cut copy get a notice; the forged one gives none'
grep -aq 'Not shown' "$MAIL"/lin/new/LM-0G*
ok $? 'and the notice says so'
copy 4 mail | put sanitizer-sign lin@agency.example
drained
is "$(sql "SELECT count(*) FROM mail WHERE outcome = 'stub'")-$(count lin)" 0-3 \
    'when the mail comes after all, it takes the place of its notice'

index_dump "$DB" >"$R/before"
"$BUILD/bin/limpid-index" rebuild --root "$R" >"$R/out" 2>&1
is $? 0 'the index is made again beside the running daemon'
index_dump "$DB" >"$R/after"
diff "$R/before" "$R/after" >"$R/diff"
ok $? 'every row is as it was'
sed 's/^/# /' "$R/diff"
copy 5 plain | put sanitizer-sign lin@agency.example
drained
is "$(sql 'SELECT count(*) FROM mail')" 4 'the daemon goes on with the new one'
stop
rm "$DB"
"$BUILD/bin/limpid-index" rebuild --root "$R" --json >"$R/out" 2>&1
is "$?-$(sed 's/,"bad.*//' "$R/out")" '0-{"mails":4,"files":7' \
    'a lost index is made again without the daemon'
echo 'no mail' >"$MAIL/lin/new/LM-0C8H2-48H24-8H248-H248P,S=8"
"$BUILD/bin/limpid-index" rebuild --root "$R" >"$R/out" 2>"$R/err"
is "$?-$(grep -c 'LM-0C8H2' "$R/err")" 1-1 'a foreign file is named and left out'
rm "$MAIL"/lin/new/LM-0C8H2*

# Crash: rows missing for a mail that is filed, its parcel still in work.
copy 6 plain | put sanitizer-sign lin@agency.example
start && drained
stop -9
sql "DELETE FROM search WHERE rowid = (SELECT max(id) FROM mail);
    PRAGMA foreign_keys = ON; DELETE FROM mail WHERE id = (SELECT max(id) FROM mail)"
copy 6 plain | put sanitizer-sign lin@agency.example
mv "$S"/new/*LM-* "$S/work/"
start && drained
is "$(count lin)-$(sql 'SELECT count(*) FROM mail')" 5-5 \
    'a mail filed but not indexed before a crash is not filed again'
for i in $(seq 7 66); do
	copy "$i" plain | put sanitizer-sign lin@agency.example everybody@agency.example
	[ $((i % 4)) != 0 ] || { stop -9; start; }
done
drained
is "$(count lin)-$(sql 'SELECT count(*) FROM mail')" 65-65 \
    '60 mails through 15 kill -9: all there, none twice'
is "$(ls "$MAIL/lin/new" | cut -c1-26 | sort | uniq -d | wc -l)" 0 'really none'
is "$(ls -A "$MAIL" | grep -c '^\.making')" 0 'nothing half made is left behind'
stop
"$BUILD/bin/limpid-index" rebuild --root "$R" >/dev/null
is "$(sql 'SELECT count(*) FROM mail')-$(sql 'SELECT count(*) FROM mailbox')" \
    65-$(ls "$MAIL"/*/new/* | wc -l) 'and the index has each of them'
grep 'forbidden\|panic\|ERROR: \|runtime error' "$R/log" >&2
is $? 1 'no forbidden call, no panic'
[ $tap_bad = 0 ] || sed 's/^/# /' "$R/log" | tail -40
done_testing
