#!/bin/bash
# Nothing of a mail but its visible words and its pixels is ever stored inside.
. tests/lib/tap.sh
. tests/lib/system.sh
[ "$(id -u)" = 0 ] || skip_all 'needs root'
trap system_remove EXIT
system_init && system_start || { ok 1 'the system starts'; done_testing; }
/usr/bin/python3 tests/lib/canary.py make "$SYS/canary.eml"
grep -q kanari "$SYS/canary.eml"
ok $? 'the mail holds canaries'
system_send "$SYS/canary.eml"
ok $? 'it is accepted'
system_wait 1 30
ok $? 'it arrives'
is "$(system_query "select count(*) from part where outcome = 'images'")" 4 'its PDFs and pictures arrive as pictures'
/usr/bin/python3 tests/lib/canary.py search "$int" >"$SYS/found"
ok $? "the internal host stored none: $(tail -n 1 "$SYS/found")"
grep canary\ of "$SYS/found" | sed 's/^/# /'
mkdir "$SYS/plain" && cp "$SYS/canary.eml" "$SYS/plain/"
/usr/bin/python3 tests/lib/canary.py search "$SYS/plain" >"$SYS/control"
is $? 1 "the search would have seen them: $(tail -n 1 "$SYS/control")"
done_testing
