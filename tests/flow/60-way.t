#!/bin/bash
# Mails go all the way through real programs: each arrives once, in every box, with
# named outcomes; traces, records and status tell the same.
. tests/lib/tap.sh
. tests/lib/system.sh
[ "$(id -u)" = 0 ] || skip_all 'needs root'
trap system_remove EXIT
system_init && system_start
ok $? 'a system of seven programs starts'
/usr/bin/python3 tests/samples/generate.py "$SYS/mails" --demo
system_send "$SYS"/mails/*.eml
ok $? 'a dozen mails are accepted by LMTP'
sent=$(ls "$SYS"/mails/*.eml | wc -l)
system_wait "$sent" 60
ok $? 'all of them are filed'
is "$(system_count)" "$sent" 'none twice'
is "$(ls "$int"/var/lib/limpid/mail/reader/new | wc -l)" "$sent" 'the Maildir holds as many'
is "$(system_query "select count(*) from part where outcome = ''")" 0 'every part has an outcome'
is "$(system_query "select group_concat(subject, '|') from mail where subject in
    ('会議のお知らせ', '三月份監測資料', '会议纪要') order by id" | tr '|' '\n' | wc -l)" 3 \
    'Japanese and Chinese subjects arrive as themselves'

ref=$(system_query 'select ref from mail limit 1')
"$BIN/limpid" trace --root "$ext" --root "$san" --root "$int" "$ref" >"$SYS/trace"
ok $? 'trace knows a mail'
for program in intaked sanitizerd deliverd; do
	grep -q " $program " "$SYS/trace"
	ok $? "and shows its event of $program"
done
"$BIN/limpid" trace --root "$int" LM-00000-00000-00000-00000 >/dev/null 2>&1
[ $? != 0 ]
ok $? 'trace of an unknown reference says so'
for root in "$ext" "$san" "$int"; do
	"$BIN/limpid" record verify --root "$root" >"$SYS/verify" 2>&1
	ok $? "the records of ${root##*/} are whole"
	"$BIN/limpid" status --root "$root" >"$SYS/status" 2>&1
	ok $? "status of ${root##*/} is well"
done
sed -i '2s/time/tame/;2s/=/=x/' "$int/var/lib/limpid/record/deliverd.record"
"$BIN/limpid" record verify --root "$int" >"$SYS/verify" 2>&1
is $? 1 'a changed line of a record is found'
grep -q 'changed' "$SYS/verify"
ok $? 'and named'

for mail in "$int"/var/lib/limpid/mail/reader/new/*; do
	grep -Eqi '^(https?|ftp)://|[^x]https?://|javascript:[a-z]' "$mail" && echo "$mail"
done >"$SYS/live"
is "$(cat "$SYS/live")" '' 'no live link stands in any harmless mail'

system_stop
ls "$san"/var/lib/limpid/spool/*/{new,work} | grep -q LM-
[ $? != 0 ]
ok $? 'nothing waits after the end'
done_testing
