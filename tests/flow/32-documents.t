#!/bin/bash
# Hostile and odd documents and images through `limpid clean`: each ends by name.
. tests/lib/tap.sh
BUILD=$(readlink -f "${BUILD:-build}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/in" "$work/out"

/usr/bin/python3 - "$work/in" <<'PY' || skip_all 'no python3'
import struct, sys, zlib

HEAD = "%PDF-1.5\n1 0 obj<</Type/Catalog/Pages 2 0 R"
FONT = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
TAIL = "trailer<</Root 1 0 R>>\n"

def write(name, body):
    with open(sys.argv[1] + "/" + name, "wb") as f:
        f.write(body if isinstance(body, bytes) else body.encode("latin-1"))

def stream(number, head, body):
    return "%d 0 obj<<%s/Length %d>>stream\n%s\nendstream endobj\n" % (
        number, head, len(body), body)

def page(content, catalog="", extra="", more="", kids="3 0 R", count=1, box="0 0 300 200"):
    return (HEAD + catalog + ">>endobj\n2 0 obj<</Type/Pages/Kids[%s]/Count %d>>endobj\n"
            "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[%s]/Contents 4 0 R%s"
            "/Resources<</Font<</F %s>>/Properties<</O 6 0 R>>/XObject<</X 10 0 R>>>>>>endobj\n"
            % (kids, count, box, extra, FONT) + stream(4, "", content) + more + TAIL)

WORDS = "BT /F 12 Tf 20 170 Td (visible words) Tj ET "
write("hidden.pdf", page(
    WORDS + "/OC /O BDC BT /F 12 Tf 20 50 Td (secret layer) Tj ET EMC",
    "/OCProperties<</OCGs[6 0 R]/D<</OFF[6 0 R]>>>>/AcroForm<</Fields[8 0 R]"
    "/DA(/F 12 Tf 0 g)>>/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>",
    "/Annots[8 0 R 9 0 R]",
    "6 0 obj<</Type/OCG/Name(x)>>endobj\n"
    "8 0 obj<</Type/Annot/Subtype/Widget/FT/Tx/T(n)/V(typed in)/Rect[20 100 200 120]"
    "/DA(/F 12 Tf 0 g)/F 4/AP<</N 11 0 R>>>>endobj\n"
    "9 0 obj<</Type/Annot/Subtype/Link/Rect[15 165 120 185]"
    "/A<</S/URI/URI(https://evil.example/login)>>>>endobj\n"
    + stream(11, "/Type/XObject/Subtype/Form/BBox[0 0 180 20]/Resources<</Font<</F %s>>>>" % FONT,
             "BT /F 12 Tf 2 5 Td (typed in) Tj ET")))
write("million.pdf", page(WORDS, count=9000000))
write("huge.pdf", page(WORDS, box="0 0 14400 14400"))
write("empty-box.pdf", page(WORDS, box="0 0 0 0"))
write("loop.pdf", page("/X Do", more=stream(10,
      "/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 10 0 R>>>>", "/X Do")))
forms = "".join(stream(n, "/Type/XObject/Subtype/Form/BBox[0 0 300 200]/Resources"
                "<</XObject<</X %d 0 R>>>>" % (n + 1), "/X Do /X Do") for n in range(10, 40))
write("bomb.pdf", page("/X Do", more=forms + stream(40,
      "/Type/XObject/Subtype/Form/BBox[0 0 300 200]", "0 0 9 9 re f")))
write("words.pdf", "These are words, whatever the name says.\n")
write("polyglot.pdf", b"MZ" + bytes(62) + page(WORDS).encode())

def chunk(kind, body):
    return (struct.pack(">I", len(body)) + kind + body
            + struct.pack(">I", zlib.crc32(kind + body)))

def png(width, height, rows, extra=b""):
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
            + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))

grey = (b"\0" + bytes(range(0, 200, 5))) * 20
write("picture.png", png(40, 20, grey))
exif = b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x112, 3, 1, 6, 0, 0)
write("turned.png", png(40, 20, grey, chunk(b"eXIf", exif)))
write("wide.png", png(60000, 30000, bytes(1 << 20)))
write("cut.png", png(40, 20, grey)[:60])
PY
command -v qpdf >/dev/null && {
	qpdf --encrypt open sesame 256 -- "$work/in/hidden.pdf" \
	    "$work/in/locked.pdf"
	qpdf --encrypt '' sesame 256 -- "$work/in/hidden.pdf" \
	    "$work/in/owner.pdf"
} 2>/dev/null

case $BUILD in */san) seconds=20 ;; *) seconds=4 ;; esac	# sanitizers are slow
sed "s/seconds 30/seconds $seconds/" policy/default.conf >"$work/policy.conf"
timeout 120 "$BUILD/bin/limpid-clean" --policy "$work/policy.conf" \
    --out "$work/out" "$work"/in/* >/dev/null 2>"$work/err"
is $? 1 'some end as stubs, so the answer is 1'

# said FILE FIELD: of the report's only part
said() {
	/usr/bin/python3 -c 'import json, sys
part = json.load(open(sys.argv[1]))["parts"][0]
print(part.get(sys.argv[2], part["facts"].get(sys.argv[2], "")))' \
	    "$work/out/$1.json" "$2" 2>&1
}
ends() {	# ends FILE OUTCOME REASON
	is "$(said "$1" outcome) $(said "$1" reason)" "$2 $3" \
	    "$1 ends as $2, $3"
}
ends hidden images complete
is "$(said hidden scripts)" JavaScript 'a script is named'
is "$(said hidden forms)" 'form fields' 'form fields are named'
grep -q 'typed in' "$work/out/hidden.txt"
ok $? 'what was typed into a form is there'
grep -q 'secret layer' "$work/out/hidden.txt"
is $? 1 'a hidden layer is not'
grep -qF 'visible words -> hxxps[:]//evil[.]example/login' \
    "$work/out/hidden.txt"
ok $? 'the target of a link stands beside its label'
ends million images pages-failed
is "$(said million pages)" 1 'the one page that there is arrives'
ends huge images complete
is "$(said huge note)" 'pages drawn smaller to fit: 1' 'and says that it shrank'
ends empty-box images complete
ends loop images complete
ends bomb stub timeout
is "$(said words kind)" text 'words with a name of a PDF are words'
is "$(said polyglot kind)" program 'a program that is also a PDF is a program'
ends polyglot stub never
ends picture images complete
ends turned images complete
is "$(said turned rotated)" 'turned upright' 'a picture on its side is turned'
ends wide stub limit-pixels
ends cut stub format
if [ -f "$work/in/locked.pdf" ]; then
	ends locked stub encrypted
	ends owner images complete
fi
[ "$tap_bad" = 0 ] || sed 's/^/# /' "$work/err"
done_testing
