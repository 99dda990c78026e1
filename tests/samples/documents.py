"""Documents made from nothing: PDFs, PNGs, PNM pictures. No library but Python's own.

Every function returns bytes. Used by generate.py (mails), by the canary test and by
the benchmarks.
"""
import random
import struct
import subprocess
import tempfile
import zlib


def pdf_text(s):
    """A PDF string literal for Latin text."""
    out = s.encode("latin-1", "replace")
    return b"(" + out.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)") + b")"


class Pdf:
    """Collects objects and writes a PDF 1.4 file with a right cross-reference table."""

    def __init__(self):
        self.objects = []

    def add(self, body, stream=None):
        if stream is not None:
            body = body.rstrip()
            assert body.endswith(b">>")
            body = body[:-2] + b"/Length %d>>\nstream\n" % len(stream) + stream + b"\nendstream"
        self.objects.append(body)
        return len(self.objects)

    def reserve(self):
        self.objects.append(None)
        return len(self.objects)

    def set(self, number, body):
        self.objects[number - 1] = body

    def finish(self, root, extra=b""):
        out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
        offsets = []
        for i, body in enumerate(self.objects, 1):
            offsets.append(len(out))
            out += b"%d 0 obj\n" % i + body + b"\nendobj\n"
        xref = len(out)
        out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1)
        for o in offsets:
            out += b"%010d 00000 n \n" % o
        out += b"trailer\n<</Size %d/Root %d 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (
            len(offsets) + 1, root, extra, xref)
        return bytes(out)


def text_pdf(pages, catalog=b"", page_extra=b"", info=None, compress=True, extra_objects=()):
    """A PDF of Helvetica text: pages is a list of lists of lines."""
    p = Pdf()
    tree = p.reserve()
    font = p.add(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
    kids = []
    for lines in pages:
        ops = b"BT /F1 11 Tf 14 TL 60 780 Td\n"
        for line in lines:
            ops += pdf_text(line) + b" Tj T*\n"
        ops += b"ET\n"
        head = b"<</Filter/FlateDecode>>" if compress else b"<<>>"
        content = p.add(head, zlib.compress(ops) if compress else ops)
        kids.append(p.add(
            b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 595 842]/Contents %d 0 R"
            b"/Resources<</Font<</F1 %d 0 R>>>>%s>>" % (tree, content, font, page_extra)))
    p.set(tree, b"<</Type/Pages/Count %d/Kids[%s]>>" % (
        len(kids), b" ".join(b"%d 0 R" % k for k in kids)))
    for body in extra_objects:
        p.add(body)
    root = p.add(b"<</Type/Catalog/Pages %d 0 R%s>>" % (tree, catalog))
    trailer = b""
    if info:
        trailer = b"/Info %d 0 R" % p.add(
            b"<<" + b"".join(b"/%s%s" % (k.encode(), pdf_text(v)) for k, v in info.items()) + b">>")
    return p.finish(root, trailer)


def cjk_pdf(lines, collection="Japan1"):
    """A PDF whose CJK font is not embedded, as many offices make them."""
    encoding = {"Japan1": "UniJIS-UCS2-H", "CNS1": "UniCNS-UCS2-H", "GB1": "UniGB-UCS2-H"}[collection]
    name = {"Japan1": "KozMinPr6N-Regular", "CNS1": "MSung-Light", "GB1": "STSong-Light"}[collection]
    p = Pdf()
    tree = p.reserve()
    desc = p.add(b"<</Type/FontDescriptor/FontName/%s/Flags 4/FontBBox[0 -200 1000 900]"
                 b"/ItalicAngle 0/Ascent 800/Descent -200/CapHeight 700/StemV 80>>" % name.encode())
    cid = p.add(b"<</Type/Font/Subtype/CIDFontType0/BaseFont/%s/CIDSystemInfo<</Registry(Adobe)"
                b"/Ordering(%s)/Supplement 4>>/FontDescriptor %d 0 R/DW 1000>>" % (
                    name.encode(), collection.encode(), desc))
    font = p.add(b"<</Type/Font/Subtype/Type0/BaseFont/%s/Encoding/%s/DescendantFonts[%d 0 R]>>" % (
        name.encode(), encoding.encode(), cid))
    ops = b"BT /F1 16 Tf 26 TL 60 760 Td\n"
    for line in lines:
        ops += b"<" + line.encode("utf-16-be").hex().encode() + b"> Tj T*\n"
    ops += b"ET\n"
    content = p.add(b"<<>>", ops)
    page = p.add(b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 595 842]/Contents %d 0 R"
                 b"/Resources<</Font<</F1 %d 0 R>>>>>>" % (tree, content, font))
    p.set(tree, b"<</Type/Pages/Count 1/Kids[%d 0 R]>>" % page)
    return p.finish(p.add(b"<</Type/Catalog/Pages %d 0 R>>" % tree))


def image_pdf(jpeg, width, height, grey=True):
    """A scan: one page that is one JPEG."""
    p = Pdf()
    tree = p.reserve()
    image = p.add(b"<</Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8"
                  b"/ColorSpace/%s/Filter/DCTDecode>>" % (
                      width, height, b"DeviceGray" if grey else b"DeviceRGB"), jpeg)
    content = p.add(b"<<>>", b"q 595 0 0 842 0 0 cm /I Do Q\n")
    page = p.add(b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 595 842]/Contents %d 0 R"
                 b"/Resources<</XObject<</I %d 0 R>>>>>>" % (tree, content, image))
    p.set(tree, b"<</Type/Pages/Count 1/Kids[%d 0 R]>>" % page)
    return p.finish(p.add(b"<</Type/Catalog/Pages %d 0 R>>" % tree))


def png(width, height, rows, colour=2, chunks=()):
    """A PNG of 8-bit grey (0) or RGB (2) rows; chunks are (type, bytes) put before IDAT."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    raw = b"".join(b"\0" + r for r in rows)
    out = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0))
    for kind, data in chunks:
        out += chunk(kind, data)
    return out + chunk(b"IDAT", zlib.compress(raw, 6)) + chunk(b"IEND", b"")


def photo_rows(width, height, seed=7):
    """Rows of an invented landscape: sky, hills, water, grain. Continuous tone, like a photo."""
    rnd = random.Random(seed)
    hills = [height * (0.45 + 0.1 * ((x * 7919 % 997) / 997 - 0.5)) for x in range(0, width + 64, 64)]
    rows = []
    for y in range(height):
        grain = rnd.randbytes(width)
        row = bytearray(width * 3)
        for x in range(width):
            a, b = hills[x // 64], hills[x // 64 + 1]
            ridge = a + (b - a) * (x % 64) / 64
            g = grain[x] >> 5
            if y < ridge:
                t = y / ridge
                c = (90 + 120 * t, 140 + 80 * t, 220 + 20 * t)
            elif y < height * 0.7:
                t = (y - ridge) / (height * 0.7 - ridge)
                c = (60 + 40 * t, 110 - 30 * t, 60 + 10 * t)
            else:
                t = (y - height * 0.7) / (height * 0.3)
                c = (40 + 20 * t, 80 + 30 * t, 120 + 40 * t)
            row[3 * x] = int(c[0]) + g
            row[3 * x + 1] = int(c[1]) + g
            row[3 * x + 2] = int(c[2]) + g
        rows.append(bytes(row))
    return rows


def ppm(width, height, rows):
    return b"P6 %d %d 255\n" % (width, height) + b"".join(rows)


def pgm(width, height, rows):
    return b"P5 %d %d 255\n" % (width, height) + b"".join(rows)


def jpeg(pnm, quality=85):
    """JPEG of a PNM, by libjpeg-turbo's own tool."""
    return subprocess.run(["cjpeg", "-quality", str(quality)], input=pnm,
                          stdout=subprocess.PIPE, check=True).stdout


def scan_jpeg(pdf_bytes, noise=6, seed=11):
    """A page drawn at 100 dpi, with paper grain: what a scanner gives. Returns (jpeg, w, h)."""
    with tempfile.NamedTemporaryFile(suffix=".pdf") as f:
        f.write(pdf_bytes)
        f.flush()
        drawn = subprocess.run(["mutool", "draw", "-q", "-r", "100", "-c", "gray", "-F", "pgm", "-o", "-", f.name, "1"],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    data = drawn.stdout
    fields, rest = [], data
    while len(fields) < 4:
        word, _, rest = rest.partition(b"\n") if rest.startswith(b"#") else (None, None, rest)
        if word is not None:
            continue
        i = 0
        while rest[i:i + 1].isspace():
            i += 1
        j = i
        while not rest[j:j + 1].isspace():
            j += 1
        fields.append(rest[i:j])
        rest = rest[j + 1:] if len(fields) == 4 else rest[j:]
    width, height = int(fields[1]), int(fields[2])
    rnd = random.Random(seed)
    grain = rnd.randbytes(width * height)
    paper = bytes(max(0, min(255, 12 + (p * 226 >> 8) + (g % (2 * noise)) - noise))
                  for p, g in zip(rest[:width * height], grain))
    return jpeg(b"P5 %d %d 255\n" % (width, height) + paper, 70), width, height
