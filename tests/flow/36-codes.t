#!/bin/bash
# QR codes and bar codes in pictures and documents: told of, and covered so that zbarimg,
# which reads them in the originals, finds none in what is delivered.
. tests/lib/tap.sh
BUILD=$(readlink -f "${BUILD:-build}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/in" "$work/out"
cd "$work/in" || exit 1
link="https://evil.example/login?id=42"
for size in 2 3 6 15; do
	qrencode -s $size -o "size-$size.png" "$link"
done
for version in 2 7 20 40; do
	qrencode -v $version -s 3 -o "version-$version.png" "$link"
done
qrencode -s 4 --foreground=AA0000 --background=FFEE88 -o coloured.png "$link"
qrencode -s 4 --foreground=FFFFFF --background=000000 -o light.png "$link"
qrencode -8 -s 4 -o binary.png "$(printf '\1\2\3\4\377\376\200\5\6\7\220\221')"
qrencode -s 5 -o one.png "https://one.example/"
qrencode -s 5 -o two.png "https://two.example/"
/usr/bin/python3 - <<'PY' || skip_all 'no python3-pil'
from PIL import Image, ImageFilter
one, two = (Image.open(n).convert("RGB") for n in ("one.png", "two.png"))
page = Image.new("RGB", (1240, 1754), "white")
page.paste(one, (150, 200))
page.paste(two, (800, 1200))
page.save("page.png")
page.rotate(12, fillcolor="white", resample=Image.BICUBIC).save("turned.png")
page.rotate(3, fillcolor="white", resample=Image.BICUBIC).filter(
    ImageFilter.GaussianBlur(1)).save("photo.jpg", quality=70)
empty = Image.new("RGB", page.size, "white")
page.save("document.pdf", resolution=150, save_all=True, append_images=[empty, page])
PY
cd - >/dev/null || exit 1

pictures() {	# DIR: what is delivered, as pictures
	for p in "$1"/*.pdf; do
		[ -e "$p" ] && pdftoppm -r 150 -png "$p" "${p%.pdf}"
	done
	find "$1" -name '*.png' -o -name '*.jpg'
}

for f in "$work"/in/*; do
	name=$(basename "$f")
	"$BUILD/bin/limpid" clean --out "$work/out/$name" --json "$f" \
	    >"$work/$name.report" 2>"$work/err"
	is $? 0 "$name arrives"
	found=$(pictures "$work/out/$name" | while read -r p; do
		zbarimg -q "$p" 2>/dev/null
	done)
	is "$found" "" "$name: no code is left"
	case $name in
	page.png|turned.png|photo.jpg|document.pdf)
		want='hxxps[:]//one[.]example/ hxxps[:]//two[.]example/' ;;
	one.png) want='hxxps[:]//one[.]example/' ;;
	two.png) want='hxxps[:]//two[.]example/' ;;
	binary.png) want=no.text ;;
	*) want='hxxps[:]//evil[.]example/login?id=42' ;;
	esac
	for w in $want; do
		grep -q -- "$(sed "s/[][]/\\\\&/g" <<<"$w")" "$work/$name.report"
		ok $? "$name: what it says is told, and is no link"
	done
done
grep -qF 'QR code, page 3: hxxps[:]//two' "$work/document.pdf.report"
ok $? "the page of a code is told"
! grep -qF 'page 2' "$work/document.pdf.report"
ok $? "nothing is told of a page without one"
done_testing
