#!/bin/bash
# Office documents through `limpid clean`: pages by LibreOffice in its jail, facts of what
# did not come along, sheets as a grid, words alone when it fails.
. tests/lib/tap.sh
BUILD=$(readlink -f "${BUILD:-build}")
[ -e /usr/lib/libreoffice/program/libmergedlo.so ] ||
	skip_all 'LibreOffice is not installed'
case $BUILD in
*/san) skip_all 'LibreOffice is not built with sanitizers' ;;
esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/in" "$work/out"

/usr/bin/python3 - "$work/in" <<'PY' || skip_all 'no python3'
import sys
sys.path.insert(0, "tests/samples")
import office as o

def write(name, body):
    with open(sys.argv[1] + "/" + name, "wb") as f:
        f.write(body)

write("letter.docx", o.docx(
    ["Dear Ms \u6797", "we confirm.", "\fOn the second page."],
    links=[("our bank", "https://evil.example/login")], comment="aside", changed="put in",
    field=' INCLUDEPICTURE "http://evil.example/a.png" '))
write("macro.docm", o.docx(["Words beside macros"], macros=True, more=[
    ("word/embeddings/oleObject1.bin", b"an object")]))
write("sums.xlsx", o.xlsx([
    ("Open", "visible", [["item", "price"], ["pen", 3], ["sum", "=SUM(B2:B2)*2|6"]]),
    ("Secret", "veryHidden", [["behind the curtain"]])]))
write("wide.xlsx", o.xlsx([("Wide", "visible",
    [["a wide column %d" % c for c in range(30)] for _ in range(20)])]))
write("talk.pptx", o.pptx(["First", "\u7b2c\u4e8c\u5f35", "Third"]))
write("text.odt", o.odt(["An open text"], comment="aside", link="http://evil.example/"))
write("sheet.ods", o.ods([("Shown", True, [["a", "b"], ["c", "d"]]),
                          ("Off", False, [["gone"]])]))
write("basic.odt", o.odt(["Words"], more=[
    ("Basic/Standard/Module1.xml", "<x/>"), ("Basic/script-lc.xml", "<x/>")]))
write("note.rtf", o.rtf(["Gr\u00fc\u00dfe \u6771\u4eac"]))
# LibreOffice refuses a body that is no XML; its words before that remain
broken = o.docx(["These words survive."])
import io, zipfile
z = zipfile.ZipFile(io.BytesIO(broken))
write("broken.docx", o.package([(n, z.read(n) if n != "word/document.xml" else
    z.read(n).replace(b"</w:body>", b"<w:p><</w:body>")) for n in z.namelist()]))
write("truncated.docx", broken[:300])
PY
timeout 300 "$BUILD/bin/limpid-clean" --policy policy/default.conf \
    --out "$work/out" "$work"/in/* >/dev/null 2>"$work/err"
is $? 1 'one ends as a stub, so the answer is 1'
! grep -q security "$work/err"
ok $? 'no document asked for anything forbidden'

# said FILE FIELD: of the report's only part
said() {
	/usr/bin/python3 -c 'import json, sys
part = json.load(open(sys.argv[1]))["parts"][0]
print(part.get(sys.argv[2], part["facts"].get(sys.argv[2], "")))' \
	    "$work/out/$1.json" "$2" 2>&1
}
ends() {	# ends FILE OUTCOME REASON PAGES
	is "$(said "$1" outcome) $(said "$1" reason) $(said "$1" pages)" \
	    "$2 $3 $4" "$1 ends as $2, $3, $4 pages"
}
fact() {	# fact FILE NAME VALUE
	is "$(said "$1" "$2")" "$3" "$1 states $2: $3"
}
holds() {	# holds FILE TEXT
	grep -qF "$2" "$work/out/$1.txt"
	ok $? "$1 says: $2"
}
ends letter images complete 2
fact letter engine libreoffice+mupdf
fact letter comments 1
fact letter tracked-changes 1
fact letter external-links 1
holds text 'here -> hxxp[:]//evil[.]example/'
ends macro images complete 1
fact macro macros yes
fact macro embedded 1
ends sums images complete 1
fact sums hidden-sheets 1
holds sums $'pen\t3'
holds sums $'sum\t6'
holds sums '[Sheet 2: Secret (hidden)]'
holds sums 'behind the curtain'
! grep -q 'SUM(' "$work/out/sums.txt"
ok $? 'no formula lives in the grid'
ends wide images complete 1
ends talk images complete 3
holds talk '第二張'
ends text images complete 1
fact text comments 1
fact text links 1
ends sheet images complete 1
fact sheet hidden-sheets 1
ends basic images complete 1
fact basic macros yes
ends note images complete 1
holds note 'Grüße 東京'
ends broken text format 0
fact broken engine libxml2
fact broken note 'only its words'
holds broken 'These words survive.'
ends truncated stub format 0
for name in letter sums talk; do
	! LC_ALL=C grep -aqE '/(URI|JavaScript|Annots|AcroForm)' "$work/out/$name.pdf"
	ok $? "$name.pdf holds nothing active"
done

# Where no pictures are wanted, words alone arrive, without LibreOffice.
sed 's/render images/render none/' policy/default.conf >"$work/words.conf"
if grep -q 'render none' "$work/words.conf"; then
	timeout 60 "$BUILD/bin/limpid-clean" --policy "$work/words.conf" \
	    --out "$work/out" "$work/in/talk.pptx" >/dev/null 2>>"$work/err"
	fact talk engine libxml2
	holds talk '[Slide 2]'
fi
[ "$tap_bad" = 0 ] || sed 's/^/# /' "$work/err"
done_testing
