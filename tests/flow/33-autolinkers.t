#!/bin/bash
# Four programs that turn text into links find none in what is delivered.
. tests/lib/tap.sh
BUILD=$(readlink -f "${BUILD:-build}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
modules=$BUILD/autolink/node_modules
mkdir -p "$BUILD/autolink" "$work/in" "$work/out" "$work/text"
if ! cmp -s tests/autolink/package-lock.json \
    "$modules/.limpid-package-lock.json"; then
	cp tests/autolink/package*.json "$BUILD/autolink/"
	(cd "$BUILD/autolink" && npm ci --ignore-scripts --no-audit --no-fund) \
	    >"$work/npm" 2>&1 ||
	    skip_all "npm could not fetch the link finders: $(tail -n 1 "$work/npm")"
	cp tests/autolink/package-lock.json "$modules/.limpid-package-lock.json"
fi

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
node tests/autolink/find.js "$modules" "$work"/text/*.txt >"$work/tap" 2>"$work/err"
ok $? "the link finders ran $(head -n 1 "$work/err")"
while read -r line; do
	case $line in
	ok*) ok 0 "${line#* - }" ;;
	'not ok'*) ok 1 "${line#* - }" ;;
	'#'*) echo "$line" ;;
	esac
done <"$work/tap"
done_testing
