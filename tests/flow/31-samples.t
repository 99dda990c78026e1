#!/bin/bash
# Every sample, good or hostile, ends in the outcomes that the table expects, and other
# people's readers find nothing active in anything that came out.
. tests/lib/tap.sh
BUILD=$(readlink -f "${BUILD:-build}")
. tests/lib/autolink.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
/usr/bin/python3 tests/samples/generate.py "$work/in" || skip_all 'no samples'

office=
case $BUILD in */san) office=--no-office ;; esac	# not built with sanitizers
[ -e /usr/lib/libreoffice/program/libmergedlo.so ] || office=--no-office

# Bombs run into the deadline in any time: theirs is short. The table is in two halves.
case $BUILD in */san) seconds=20 ;; *) seconds=8 ;; esac
sed 's/pages 500/pages 60/' policy/default.conf >"$work/good.conf"
sed "s/seconds 30/seconds $seconds/" "$work/good.conf" >"$work/hostile.conf"
for nature in good hostile; do
	mapfile -t names < <(awk -F '\t' -v n=$nature '$3 == n { print $1 }' \
	    "$work/in/expected.tsv" | uniq)
	(cd "$work/in" && timeout 600 "$BUILD/bin/limpid" clean --json \
	    --policy "$work/$nature.conf" --out "$work/out" -- \
	    "${names[@]}") >"$work/$nature.json" 2>"$work/err"
	is $? 1 "some of the $nature end as stubs, so the answer is 1"
	! grep -q 'forbidden-call\|bad-answer' "$work/err"
	ok $? "none asked for anything forbidden $(grep -m 1 \
	    'forbidden-call\|bad-answer' "$work/err")"
done
/usr/bin/python3 tests/lib/expected.py "$work/in/expected.tsv" \
    "$work/good.json" "$work/hostile.json" "$work/out" $office \
    >"$work/tap" 2>&1
ok $? 'the table was read to its end'
take_tap "$work/tap"
/usr/bin/python3 tests/lib/inert.py "$work/out" "$work/words" >"$work/tap" 2>&1
ok $? 'all that came out was read'
take_tap "$work/tap"
if autolink_get >"$work/npm"; then
	autolink_find "$work/words" >"$work/tap" 2>&1
	ok $? 'the link finders ran'
	take_tap "$work/tap"
else
	note "npm could not fetch the link finders: $(tail -n 1 "$work/npm")"
fi
done_testing
