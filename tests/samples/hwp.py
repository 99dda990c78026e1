"""Documents of Hangul Word Processor, 5 (OLE2) and X (ZIP of XML)."""
import struct
import zlib

import containers

WORDS = "회의 자료를 보내드립니다. 금요일까지 회신 바랍니다."


def record(tag, data, level=0):
    size = min(len(data), 0xfff)
    head = struct.pack("<I", tag | level << 10 | size << 20)
    return head + (struct.pack("<I", len(data)) if size == 0xfff else b"") + data


def section(paragraphs):
    out = b""
    for p in paragraphs:
        out += record(66, bytes(24)) + record(67, p.encode("utf-16-le") + b"\r\0", 1)
    return out


def squeeze(data):
    z = zlib.compressobj(9, zlib.DEFLATED, -15)
    return z.compress(data) + z.flush()


def hwp(sections, flags=1, preview="미리보기"):
    head = b"HWP Document File".ljust(32, b"\0") + struct.pack("<II", 0x05000300, flags)
    return containers.ole({"FileHeader": head.ljust(256, b"\0"), "DocInfo": squeeze(b""),
                           "BodyText": {"Section%d" % i: s for i, s in enumerate(sections)},
                           "PrvText": preview.encode("utf-16-le"),
                           "\5HwpSummaryInformation": bytes(64)})


def samples(table):
    plain = section([WORDS, "둘째 문단 http://evil.example/x"])
    notice = "its layout cannot be shown"
    table.document("hangul.hwp", hwp([squeeze(plain), squeeze(section(["다음 장"]))]), "text", form="hwp", kind="office",
                   words=(notice, WORDS, "hxxp[:]//evil[.]example/x", "다음 장"), facts="format=HWP 5")
    table.document("hangul-plain.hwp", hwp([plain], flags=0), "text", form="hwp", kind="office", words=WORDS)
    table.document("hangul-long.hwp", hwp([squeeze(section([WORDS * 400]))]), "text", form="hwp", words=WORDS)
    table.document("hangul-locked.hwp", hwp([squeeze(plain)], flags=3), "stub", "encrypted", form="hwp", kind="office")
    table.document("hangul-handed-out.hwp", hwp([b"\1" * 512], flags=5), "text", "format", form="hwp", words="미리보기")
    with table.hostile_samples():
        table.document("hangul-bomb.hwp", hwp([squeeze(record(67, b"a\0" * 30000000))]), "text", "*", form="hwp")
        table.document("hangul-lying.hwp", hwp([squeeze(plain + struct.pack("<II", 67 | 0xfff << 20, 0x7fffffff))]), "text",
                       "format", form="hwp", words=WORDS)
        table.document("hangul-cut.hwp", hwp([squeeze(plain)[:40]]), "text", "format", form="hwp")
    x = ('<?xml version="1.0"?><hs:sec xmlns:hs="http://www.hancom.co.kr/hwpml/2011/section" '
         'xmlns:hp="http://www.hancom.co.kr/hwpml/2011/paragraph"><hp:p><hp:run><hp:t>%s</hp:t></hp:run></hp:p></hs:sec>')
    table.document("hangul-x.hwpx", containers.zip_file([(b"mimetype", b"application/hwp+zip"), (b"version.xml", b"<v/>"),
                                                         (b"Contents/section0.xml", (x % WORDS).encode())], method=0),
                   "text", form="hwpx", kind="office", words=WORDS)
