#!/bin/bash
# Every sample, good or hostile, ends in the outcomes that the table expects.
. tests/lib/tap.sh
BUILD=$(readlink -f "${BUILD:-build}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
/usr/bin/python3 tests/samples/generate.py "$work/in" || skip_all 'no samples'

mkdir "$work/out"
# Bombs run into the deadline in any time.
case $BUILD in */san) seconds=20 ;; *) seconds=6 ;; esac
sed "s/seconds 30/seconds $seconds/" policy/default.conf >"$work/policy.conf"
for f in "$work"/in/*.eml "$work"/in/files/*; do
	timeout 120 "$BUILD/bin/limpid" clean --policy "$work/policy.conf" \
	    --out "$work/out" "$f" 2>"$work/err"
	code=$?
	name=${f#"$work"/in/}
	[ $code -le 1 ]
	ok $? "$name ends with exit 0 or 1 (was $code) $(head -c 200 "$work/err")"
done
/usr/bin/python3 tests/lib/expected.py "$work/in/expected.tsv" "$work/out" \
    >"$work/tap"
cat "$work/tap"
tap_n=$((tap_n + $(grep -c '^ok\|^not ok' "$work/tap")))
grep -q '^not ok' "$work/tap" && tap_bad=1
done_testing
