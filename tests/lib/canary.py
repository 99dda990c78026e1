#!/usr/bin/env python3
"""The canary: byte runs that are no visible content must never reach the inside.

    canary.py make FILE       writes a mail whose every corner holds a canary
    canary.py search FOLDER   searches all stored files for them; prints where, exit 1

Search looks at bytes as they are, at base64 decoded, at deflated streams inflated,
and at SQLite files as bytes; every canary also in UTF-16 and hex.
"""
import base64
import os
import re
import struct
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "samples"))
import documents as doc  # noqa: E402

PLACES = ["header-unknown", "header-received", "header-param", "header-comment", "mime-preamble", "mime-epilogue",
          "mime-boundary", "mime-param", "mime-id", "name-path", "html-comment", "html-script", "html-style",
          "html-attribute", "html-hidden", "html-meta", "html-data", "pdf-info", "pdf-comment", "pdf-unused",
          "pdf-javascript", "pdf-xmp", "pdf-embedded", "pdf-tail", "pdf-actualtext",
          "pdf-white", "pdf-off-page", "pdf-tiny", "pdf-no-pen", "pdf-layer", "png-text", "png-itxt",
          "png-tail", "jpeg-comment", "jpeg-exif", "jpeg-tail", "text-nul", "program", "inner-header"]


def canary(place):
    """A word no other text holds; letters only, so that no cleaning changes it."""
    n = zlib.crc32(place.encode())
    return "kanari" + "".join("bcdfghjklmnpqrst"[(n >> s) & 15] for s in range(0, 32, 4)) + "vogel"


def unseen_pdf(c):
    """A page on which the canaries are drawn, but nobody can see them."""
    p = doc.Pdf()
    tree = p.reserve()
    font = p.add(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
    layer = p.add(b"<</Type/OCG/Name(layer)>>")
    content = p.add(b"<<>>", b"BT /F 12 Tf 60 780 Td (Visible beside) Tj 0 -40 Td 1 g (" + c["pdf-white"] + b") Tj 0 g 0 900 Td (" +
                    c["pdf-off-page"] + b") Tj 0 -950 Td /F 1 Tf (" + c["pdf-tiny"] + b") Tj 0 -50 Td /F 12 Tf 3 Tr (" +
                    c["pdf-no-pen"] + b") Tj ET /OC /L BDC BT 0 Tr /F 12 Tf 60 400 Td (" + c["pdf-layer"] + b") Tj ET EMC")
    page = p.add(b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 595 842]/Contents %d 0 R/Resources<</Font<</F %d 0 R>>"
                 b"/Properties<</L %d 0 R>>>>>>" % (tree, content, font, layer))
    p.set(tree, b"<</Type/Pages/Count 1/Kids[%d 0 R]>>" % page)
    return p.finish(p.add(b"<</Type/Catalog/Pages %d 0 R/OCProperties<</OCGs[%d 0 R]/D<</OFF[%d 0 R]>>>>>>" % (
        tree, layer, layer)))


def make(path):
    c = {p: canary(p).encode() for p in PLACES}
    html = (b"<html><head><meta name=x content='" + c["html-meta"] + b"'><style>.a{content:'" + c["html-style"] +
            b"'}</style><script>var x='" + c["html-script"] + b"'</script></head><body><!-- " + c["html-comment"] +
            b" --><p data-x='" + c["html-attribute"] + b"'>Visible words.</p><div style='display:none'>" +
            c["html-hidden"] + b"</div><a href='data:text/plain," + c["html-data"] + b"'>here</a></body></html>")
    pdf = doc.text_pdf(
        [["Visible page"]], info={"Title": canary("pdf-info"), "Author": canary("pdf-info")},
        catalog=b"/Names<</JavaScript<</Names[(a)<</S/JavaScript/JS(" + c["pdf-javascript"] + b")>>]>>>>",
        page_extra=b"/LastModified(" + c["pdf-actualtext"] + b")",
        extra_objects=[b"(" + c["pdf-unused"] + b")",
                       b"<</Type/Metadata/Subtype/XML/Length %d>>\nstream\n" % len(c["pdf-xmp"]) + c["pdf-xmp"] +
                       b"\nendstream",
                       b"<</Type/EmbeddedFile/Length %d>>\nstream\n" % len(c["pdf-embedded"]) + c["pdf-embedded"] +
                       b"\nendstream"])
    unseen = unseen_pdf(c)
    pdf = pdf.replace(b"%PDF-1.4\n", b"%PDF-1.4\n%" + c["pdf-comment"] + b"\n", 1) + c["pdf-tail"]
    png = doc.png(32, 32, [bytes(range(96))] * 32, 2, [
        (b"tEXt", b"Comment\0" + c["png-text"]), (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + c["png-itxt"])]) + c["png-tail"]
    jpeg = doc.jpeg(doc.ppm(64, 64, doc.photo_rows(64, 64)))
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x0e\x01\x02\0" + struct.pack("<II", len(c["jpeg-exif"]) + 1, 26) + \
        b"\0\0\0\0" + c["jpeg-exif"] + b"\0"
    segments = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + \
        b"\xff\xfe" + struct.pack(">H", len(c["jpeg-comment"]) + 2) + c["jpeg-comment"]
    jpeg = jpeg[:2] + segments + jpeg[2:] + c["jpeg-tail"]
    inner = (b"From: inner@tidewater.example\nX-Inner: " + c["inner-header"] + b"\nSubject: Visible inner subject\n\n"
             b"Visible inner body.\n")
    b = b"b-" + c["mime-boundary"]

    def part(head, body, encode=True):
        data = base64.encodebytes(body) if encode else body
        return b"--" + b + b"\n" + head + (b"Content-Transfer-Encoding: base64\n" if encode else b"") + b"\n" + data

    mail = (b"Received: from " + c["header-received"] + b".example by mx.agency.example; Tue, 17 Mar 2026 09:30:00 +0800\n"
            b"From: Visible Sender (" + c["header-comment"] + b") <visible@tidewater.example>\nTo: reader@agency.example\n"
            b"Subject: Visible subject\nX-Canary: " + c["header-unknown"] + b"\nMIME-Version: 1.0\n"
            b"Content-Type: multipart/mixed; boundary=\"" + b + b"\"; x=" + c["header-param"] + b"\n\n" +
            c["mime-preamble"] + b"\n" +
            part(b"Content-Type: text/plain; charset=utf-8; x=" + c["mime-param"] + b"\nContent-ID: <" +
                 c["mime-id"] + b"@x>\n", b"Visible text.\n\0\0" + b"\n") +
            part(b"Content-Type: text/html\n", html) +
            part(b"Content-Type: application/pdf\nContent-Disposition: attachment; filename=\"../../" +
                 c["name-path"] + b"/visible.pdf\"\n", pdf) +
            part(b"Content-Type: application/pdf; name=unseen.pdf\n", unseen) +
            part(b"Content-Type: image/png; name=visible.png\n", png) +
            part(b"Content-Type: image/jpeg; name=visible.jpg\n", jpeg) +
            part(b"Content-Type: application/octet-stream; name=tool.exe\n", b"MZ" + bytes(60) + c["program"]) +
            part(b"Content-Type: message/rfc822\n", inner, False) +
            b"--" + b + b"--\n" + c["mime-epilogue"] + b"\n")
    with open(path, "wb") as f:
        f.write(mail.replace(b"\n", b"\r\n"))


def views(data):
    """The bytes, and what hides in them one decoding further, twice over."""
    yield data
    for run in re.finditer(rb"(?:[A-Za-z0-9+/]{40,}={0,2}\r?\n?){1,}", data):
        text = re.sub(rb"\s", b"", run.group())
        try:
            decoded = base64.b64decode(text[:len(text) // 4 * 4])
        except ValueError:
            continue
        yield decoded
        yield from inflated(decoded)
    yield from inflated(data)


def inflated(data):
    for m in re.finditer(rb"\x78[\x01\x5e\x9c\xda]", data):
        try:
            yield zlib.decompressobj().decompress(data[m.start():], 1 << 24)
        except zlib.error:
            continue


def search(folder):
    wanted = {}
    for p in PLACES:
        w = canary(p).encode()
        for form in (w, w.upper(), w.decode().encode("utf-16-le"), w.hex().encode(), base64.b64encode(w)[:-4]):
            wanted[form] = p
    found, files, visible = 0, 0, 0
    for base, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(base, name)
            if not os.path.isfile(path) or os.path.islink(path):
                continue
            files += 1
            with open(path, "rb") as f:
                data = f.read()
            for view in views(data):
                visible += b"Visible" in view
                for form, place in wanted.items():
                    if form in view:
                        found += 1
                        print("%s: canary of %s" % (path, place))
            for place in PLACES:
                if canary(place) in path:
                    found += 1
                    print("%s: canary of %s in a file name" % (path, place))
    print("%d files searched for %d canaries, %d found; visible words seen %d times" % (
        files, len(PLACES), found, visible))
    return 1 if found or not visible else 0


if sys.argv[1] == "make":
    make(sys.argv[2])
else:
    sys.exit(search(sys.argv[2]))
