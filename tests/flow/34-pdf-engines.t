#!/bin/bash
# PDFs by two engines: what one cannot take the other draws or reads; words that nobody
# sees are counted and not quoted; files inside come out as parts of their own.
. tests/lib/tap.sh
BUILD=$(readlink -f "${BUILD:-build}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/in" "$work/out" "$work/evil"
/usr/bin/python3 tests/samples/unseen_samples.py "$work/in" ||
    skip_all 'the samples need python3, mutool and cjpeg'
clean() {
	timeout 120 "$BUILD/bin/limpid-clean" --out "$work/out" "$@" \
	    2>"$work/err"
}
clean "$work"/in/*.pdf >/dev/null
is $? 1 'a program inside is a stub, so the answer is 1'
# said FILE PATH FIELD...: of the report's part with that path
said() {
	/usr/bin/python3 -c 'import json, sys
for part in json.load(open(sys.argv[1]))["parts"]:
    if part["path"] == sys.argv[2]:
        print(*[part.get(f, part["facts"].get(f, "-")) for f in sys.argv[3:]])' \
	    "$work/out/$1.json" "${@:2}" 2>&1
}

# The second engine.
is "$(said far-numbers 0 outcome reason engine pages)" \
    'images complete poppler 2' 'what MuPDF takes for empty, poppler draws'
grep -q 'page 1 for two engines' "$work/out/far-numbers.txt"
ok $? 'and reads'
is "$(said letters-by-number 0 outcome engine)" 'images mupdf' \
    'what MuPDF draws stays as it is'
grep -q WORDSBYNUMBER "$work/out/letters-by-number.txt"
ok $? 'and words that it has no names for are read by poppler'
# A copy of one name must not hide the other: each engine's text once.
is "$(grep -c . "$work/out/letters-by-number.txt")" 1 'they are there once'

# Words that nobody sees.
for how in white nearly-white off-page tiny no-pen blacked-out dark-layer; do
	is "$(said "unseen-$how" 0 outcome unseen-text)" 'images 1' \
	    "$how: the page is named"
	grep -q shown "$work/out/unseen-$how.txt"
	ok $? "$how: what is shown is quoted"
	grep -q secret "$work/out/unseen-$how.txt"
	is $? 1 "$how: what is not, is not"
done
is "$(said unseen-white 0 hidden-text)" 22 'hidden characters are counted'
is "$(said unseen-white-beside 0 hidden-text unseen-text)" '22 -' \
    'a page with more shown words than hidden ones is not named'
is "$(said ocr-scan 0 hidden-text unseen-text)" '- -' \
    'an OCR layer over its scan is no hidden text'
grep -q 'we confirm the receipt' "$work/out/ocr-scan.txt"
ok $? 'and its words are delivered'

# And the reader of a mail is told.
/usr/bin/python3 - "$work" <<'PY'
import sys
from email.message import EmailMessage
m = EmailMessage()
m["From"], m["To"], m["Subject"] = "a@tidewater.example", "b@agency.example", "Hidden"
m.set_content("See the files.\n")
for name in ("unseen-white", "e-invoice"):
    with open("%s/in/%s.pdf" % (sys.argv[1], name), "rb") as f:
        m.add_attachment(f.read(), maintype="application", subtype="pdf", filename=name + ".pdf")
with open(sys.argv[1] + "/told.eml", "wb") as f:
    f.write(m.as_bytes())
PY
clean "$work/told.eml" >/dev/null
/usr/bin/python3 -c 'import email, sys
from email import policy
m = email.message_from_file(open(sys.argv[1]), policy=policy.default)
print(next(m.walk()).get_body(("plain",)).get_content())' \
    "$work/out/told.eml" >"$work/told.txt"
grep -q 'Most of the text on these pages cannot be seen.*: 1$' \
    "$work/told.txt"
ok $? 'the reader is told of a page of hidden words'
grep -q 'Hidden text was found, characters: 22' "$work/told.txt"
ok $? 'and how many characters it has'
grep -q 'Files were embedded in it.*: 1$' "$work/told.txt"
ok $? 'and that files were inside'
! grep -q secret "$work/out/told.eml"
ok $? 'none of the hidden words'

# Files inside.
is "$(said e-invoice 0 outcome embedded)/$(said e-invoice 1 name outcome)" \
    'images 1/factur-x.xml text' 'an invoice for machines arrives as text'
grep -q RE-2026-117 "$work/out/e-invoice.txt"
ok $? 'with its number'
is "$(said collection 1 name outcome pages)" 'inner.pdf images 2' \
    'a document in a portfolio is drawn'
is "$(said collection 2 name outcome)" 'words.txt text' \
    'a text in it is text, without its folders'
is "$(said collection 3 outcome reason)" 'stub never' \
    'a program in it is a program'
is "$(said note-with-file 1 name outcome)" 'pinned.txt text' \
    'a file pinned to a page comes along'
is "$(said bomb-inside 0 outcome)/$(said bomb-inside 1 outcome reason)" \
    'images/stub limit-bytes' 'a bomb inside costs itself only'
for name in e-invoice collection note-with-file; do
	qpdf --check "$work/out/$name.pdf" >/dev/null 2>&1 &&
	    ! grep -aqE '/(EmbeddedFile|Filespec|AF|Collection|Annot)' \
	    "$work/out/$name.pdf"
	ok $? "$name: nothing but pictures is in the copy"
done

# A worker-pdf that dies of the document.
ln -s "$BUILD"/bin/* "$work/evil/"
ln -sf "$BUILD/tools/worker-evil" "$work/evil/limpid-worker-pdf"
{ cat "$work/in/note-with-file.pdf"; printf '%%evil segv'; } >"$work/dies.pdf"
clean --libexec "$work/evil" "$work/dies.pdf" >/dev/null
is "$(said dies 0 outcome reason engine)" 'images complete poppler' \
    'a crash of the first engine costs nothing'
is "$(said dies 1 name outcome)" 'pinned.txt text' \
    'files inside come out by the second as well'
grep -q 'worker=pdf' "$work/err"
ok $? 'but it is told'
ln -sf "$BUILD/tools/worker-evil" "$work/evil/limpid-worker-poppler"
clean --libexec "$work/evil" "$work/dies.pdf" >/dev/null
case $BUILD in
*/san) first='stub bad-answer' ;;	# a sanitizer turns a crash into an exit
*) first='stub crash' ;;
esac
is "$(said dies 0 outcome reason)" "$first" \
    'when both die, the first end stands'
rm "$work/evil/limpid-worker-poppler"
clean --libexec "$work/evil" "$work/dies.pdf" >/dev/null
is "$(said dies 0 outcome reason)" "$first" \
    'and when there is no second engine'
[ "$tap_bad" = 0 ] || sed 's/^/# /' "$work/err"
done_testing
