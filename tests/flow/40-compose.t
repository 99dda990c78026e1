#!/bin/bash
# limpid-compose in its real jail: copies of every shape become mails and documents
# that qpdf, poppler, pngcheck and exiftool find no fault with.
. tests/lib/tap.sh
BUILD=${BUILD:-build}
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
make_copy() { "$BUILD/tools/make-copy" "$@"; }
compose() {	# compose NAME [OPTION...] < COPY
	"$BUILD/bin/limpid-compose" --out "$T" --name "$@" 2>"$T/err"
}
no_fault() {	# no_fault FILE...: quiet checkers of each kind
	local f
	for f; do
		case $f in
		*.pdf)	qpdf --check "$f" >"$T/check" 2>&1 || return 1
			! grep -qi warn "$T/check" || return 1
			pdftoppm -r 30 "$f" "$T/ppm" 2>"$T/check" || return 1
			[ ! -s "$T/check" ] || return 1 ;;
		*.png)	pngcheck -q "$f" >"$T/check" || return 1 ;;
		*.jpg)	[ "$(exiftool -s3 -Warning -Error "$f")" = '' ] ||
			return 1 ;;
		esac
	done
}

make_copy mail | compose mail
is $? 1 'a mail with a stub: exit 1'
python3 tests/lib/pictures.py "$T/mail.eml" "$T/mail"
ok $? 'everything stands where the report says, found by arithmetic'
cmp -s "$T/mail.json" "$T/mail/limpid-report.json"
ok $? 'NAME.json is the report of the mail'
no_fault "$T"/mail/*.pdf
ok $? 'qpdf and poppler find no fault with the PDFs'
no_fault "$T"/mail/*.png
ok $? 'pngcheck finds no fault with pages put together from byte ranges'
no_fault "$T"/mail/*.jpg
ok $? 'exiftool finds no fault with JPEG pages'
is "$(pdfinfo "$T/mail/bank-details.pdf" | sed -n 's/^Page size: *//p')" \
    '595.2 x 841.92 pts (A4)' 'a page is pixels * 72 / dpi points'
is "$(pdfinfo "$T/mail/bank-details.pdf" | grep -cE 'Date|Producer|Creator|Title')" \
    0 'a PDF says nothing of itself'
pdfimages -list "$T/mail/bank-details.pdf" >"$T/list"
is "$(awk 'NR > 2 {print $6, $8, $9}' "$T/list" | tr '\n' ,)" \
    'gray 4 image,index 4 image,rgb 8 jpeg,' 'each page has the form that fits it'
is "$(ls "$T/mail" | grep -c '^logo.gif.png$\|heic.jpg$\|^fax.tif.pdf$')" 3 \
    'one picture is a PNG or JPEG, two are a PDF'
grep -aq 'setup.exe (program' "$T/mail.eml" &&
    grep -aq 'Not shown' "$T/mail.eml"
ok $? 'the stub and its reason stand under "What was changed"'
is "$(grep -ac 'http://' "$T/mail.eml")" 0 'no live link in the mail'
is "$(/usr/bin/python3 -c '
import json, sys; print(json.load(open(sys.argv[1]))["subject"])' "$T/mail.json")" \
    'Updated bank details — 匯款帳號 hxxp[:]//evil[.]example' \
    'the subject in the report is unclickable'
is "$(grep -c '"rcpts"' "$T/mail.json")" 0 \
    'the report does not name the envelope: a blind copy stays blind'
make_copy mail | compose again
cmp -s <(sed 's/"filed_ms":[0-9]*//' "$T/mail.json") \
    <(sed 's/"filed_ms":[0-9]*//' "$T/again.json")
ok $? 'the same copy gives the same mail'

make_copy hostile | compose hostile
is $? 0 'a hostile body: exit 0'
python3 tests/lib/pictures.py "$T/hostile.eml" "$T/hostile"
ok $? 'a body cannot break out of its part, nor a name out of its header'

make_copy photo | compose photo
is "$?-$(ls "$T" | grep -c '^photo\.\(jpg\|json\)$')" 0-2 'a lone photo is a JPEG'
no_fault "$T/photo.jpg"
ok $? 'and it has no fault'
make_copy document | compose document --json >"$T/out"
is "$?-$(pdfinfo "$T/document.pdf" | sed -n 's/^Pages: *//p')" 0-3 \
    'a lone document is a PDF'
grep -q 'hxxp' "$T/document.txt"
ok $? 'and its text'
cmp -s "$T/out" "$T/document.json"
ok $? '--json prints the report'
make_copy stub | compose stub
is "$?-$(ls "$T" | grep -c '^stub\.')" 1-2 'a lone program is a reason and a report'
make_copy big 40 | compose big
is $? 0 'many pages: exit 0'
python3 tests/lib/pictures.py "$T/big.eml" "$T/big"
ok $? 'and each of them stands where the report says'

head -c 100 /dev/urandom | compose bad
is "$?-$(ls "$T" | grep -c '^bad')" 65-0 'rubbish: exit 65, and no file'
make_copy mail | head -c 9000 | compose cut
is "$?-$(ls "$T" | grep -c '^cut')" 65-0 'a cut copy: exit 65, and no file'
grep -q 'limpid-compose: .*cut: ' "$T/err"
ok $? 'and a sentence that names it'
make_copy mail | python3 -c '
import sys
d = bytearray(sys.stdin.buffer.read()); i = d.index(b"\x28\xb5\x2f\xfd") + 40
d[i:i+200] = bytes(200); sys.stdout.buffer.write(d)' | compose zstd
is "$?-$(ls "$T" | grep -c '^zstd')" 65-0 'a broken frame: exit 65, and no file'
"$BUILD/bin/limpid-compose" --out "$T/nowhere" --name x </dev/null 2>/dev/null
is $? 66 'a folder that is not there: exit 66'
"$BUILD/bin/limpid-compose" --out "$T" --name a/b </dev/null 2>/dev/null
is $? 2 'a name with a folder in it: exit 2'
is "$(ls -A "$T" | grep -c '^\.limpid')" 0 'nothing half made is left behind'
done_testing
