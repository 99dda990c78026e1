#!/bin/bash
# Pictures of every kind through `limpid clean`, against what Pillow says they show.
. tests/lib/tap.sh
BUILD=$(readlink -f "${BUILD:-build}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/in" "$work/out"
/usr/bin/python3 -c 'import PIL' || skip_all 'no python3-pil'
/usr/bin/python3 tests/samples/pictures.py "$work/in" || exit 1
heif-enc -q 80 -p chroma=420 "$work/in/reference.png" -o "$work/in/true.heic" \
    >/dev/null
heif-enc -A -q 80 -p chroma=420 "$work/in/reference.png" \
    -o "$work/in/true.avif" >/dev/null
# What is cut in its middle ends by name too, with its upper part where it can.
for f in true.heic true.avif true.webp true.png true.jpg frames.gif; do
	head -c $(($(stat -c %s "$work/in/$f") * 6 / 10)) "$work/in/$f" \
	    >"$work/in/cut-$f"
done
for f in "$work"/in/*; do
	name=$(basename "$f")
	timeout 60 "$BUILD/bin/limpid" clean --out "$work/out/$name" --json "$f" \
	    >"$work/$name.report" 2>"$work/err"
	code=$?
	[ $code -le 1 ]
	ok $? "$name ends with exit 0 or 1 (was $code)"
	rm -f "$work/out/$name/"*.json
done
/usr/bin/python3 tests/lib/shown.py "$work" >"$work/tap"
cat "$work/tap"
tap_n=$((tap_n + $(grep -c '^ok\|^not ok' "$work/tap")))
grep -q '^not ok' "$work/tap" && tap_bad=1
done_testing
