#!/bin/bash
# Four programs that turn text into links find none in what is delivered.
. tests/lib/tap.sh
BUILD=$(readlink -f "${BUILD:-build}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. tests/lib/autolink.sh
mkdir -p "$work/in" "$work/out" "$work/text"
autolink_get >"$work/npm" ||
    skip_all "npm could not fetch the link finders: $(tail -n 1 "$work/npm")"

/usr/bin/python3 tests/samples/generate.py "$work/in" --mails
/usr/bin/python3 tests/autolink/texts.py make "$work/in"
"$BUILD/bin/limpid-clean" --policy policy/default.conf --out "$work/out" \
    "$work"/in/0[129]-*.eml "$work"/in/cases-*.eml "$work"/in/form-*.eml \
    "$work"/in/damage-{bidi,html,rtl}*.eml "$work"/in/charset-*.eml \
    >/dev/null 2>"$work/err"
[ $? -le 1 ]
ok $? "the mails are cleaned $(head -n 1 "$work/err")"
/usr/bin/python3 tests/autolink/texts.py bodies "$work/text" "$work"/out/*.eml
grep -q 'hxxp\[:\]//example\[\.\]com' "$work/text/cases-text.txt"
ok $? 'and their links are written so that a person can read them'
autolink_find "$work"/text/*.txt >"$work/tap" 2>"$work/err"
ok $? "the link finders ran $(head -n 1 "$work/err")"
take_tap "$work/tap"
done_testing
