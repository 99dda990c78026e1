"""Pictures in the forms that cameras, scanners and programs write, made byte by byte."""
import struct
import subprocess
import zlib

import documents as doc
import table
from table import document

WIDTH, HEIGHT = 48, 32
GREY = [bytes((x * 5 + y * 3) & 255 for x in range(WIDTH)) for y in range(HEIGHT)]
COLOUR = [bytes((x * 5 + y * 3 + c * 80) & 255 for x in range(WIDTH) for c in range(3)) for y in range(HEIGHT)]


def good(name, data, **more):
    document(name, data, "images", pages=1, kind="image", **more)


def any_end(name, data):
    document(name, data, "images|stub|text", "*")


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(rows, depth, colour, width=WIDTH, height=HEIGHT, before=b"", interlace=0):
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)) + before +
            chunk(b"IDAT", zlib.compress(b"".join(b"\0" + r for r in rows))) + chunk(b"IEND", b""))


def bmp(rows, bits, palette=b"", height=HEIGHT):
    width = len(rows[0]) * 8 // bits
    body = b"".join(r + bytes(-len(r) % 4) for r in reversed(rows))
    at = 14 + 40 + len(palette)
    return (b"BM" + struct.pack("<IHHI", at + len(body), 0, 0, at) + struct.pack(
        "<IiiHHIIiiII", 40, width, height, 1, bits, 0, len(body), 2835, 2835, len(palette) // 4, 0) + palette + body)


def gif(frames, tail=b";"):
    """Frames of 8x8 pixels, each in codes that never grow: a clear before every seven pixels."""
    def packed(pixels):
        bits, n, out = 0, 0, bytearray()
        for i, p in enumerate(pixels):
            for code in ([16] if i % 7 == 0 else []) + [p]:
                bits |= code << n
                n += 5
        bits |= 17 << n
        n += 5
        out = bits.to_bytes((n + 7) // 8, "little")
        return b"\4" + b"".join(bytes([len(out[i:i + 255])]) + out[i:i + 255] for i in range(0, len(out), 255)) + b"\0"

    palette = b"".join(bytes([i * 16, 255 - i * 16, i * 8]) for i in range(16))
    out = b"GIF89a" + struct.pack("<HHBBB", 8, 8, 0xf3, 0, 0) + palette
    done = {}
    for pixels in map(tuple, frames):
        if pixels not in done:
            done[pixels] = b"!\xf9\4\4\x0a\0\0\0" + b"," + struct.pack("<HHHHB", 0, 0, 8, 8, 0) + packed(pixels)
    return out + b"".join(done[tuple(f)] for f in frames) + tail


def tiff(pages, order="<"):
    """pages: (width, height, bits a sample, samples, compression, photometric, data)."""
    out = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    for i, (width, height, bits, samples, packing, meaning, data) in enumerate(pages):
        deep = struct.pack(order + "H", bits)
        tags = [(256, 3, width), (257, 3, height), (258, 3, bits), (259, 3, packing), (262, 3, meaning),
                (273, 4, 0), (277, 3, samples), (278, 3, height), (279, 4, len(data))]
        at = len(out) + 2 + 12 * len(tags) + 4
        body = data + bytes(len(data) % 2)
        table_out = struct.pack(order + "H", len(tags))
        for tag, kind, value in tags:
            if tag == 258 and samples > 2:
                table_out += struct.pack(order + "HHII", tag, 3, samples, at + len(body))
                continue
            value = at if tag == 273 else value
            table_out += struct.pack(order + "HHI", tag, kind, 1) + (
                struct.pack(order + "HH", value, 0) if kind == 3 else struct.pack(order + "I", value))
        end = at + len(body) + (2 * samples + 2 * samples % 2 if samples > 2 else 0)
        out += table_out + struct.pack(order + "I", end if i + 1 < len(pages) else 0) + body
        if samples > 2:
            out += deep * samples
    return out


def packbits(data):
    return b"".join(bytes([len(data[i:i + 128]) - 1]) + data[i:i + 128] for i in range(0, len(data), 128))


def exif(turn):
    body = b"Exif\0\0II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x112, 3, 1, turn, 0, 0)
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def tagged(jpeg, *segments):
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def cjpeg(pnm, *options):
    return subprocess.run(["cjpeg", *options], input=pnm, stdout=subprocess.PIPE, check=True).stdout


def forms():
    for bits in (1, 2, 4):
        good("grey-%d.png" % bits, png([bytes(WIDTH * bits // 8)] * HEIGHT, bits, 0))
        good("palette-%d.png" % bits, png([bytes([0x1b]) * (WIDTH * bits // 8)] * HEIGHT, bits, 3, before=chunk(
            b"PLTE", bytes(range(3 << bits)))))
    good("palette-8.png", png([bytes(r) for r in GREY], 8, 3, before=chunk(b"PLTE", bytes(range(256)) * 3)))
    good("grey-16.png", png([b"".join(bytes([v, 0]) for v in r) for r in GREY], 16, 0))
    good("colour-16.png", png([b"".join(bytes([v, 0]) for v in r) for r in COLOUR], 16, 2))
    good("alpha.png", png([b"".join(r[i:i + 3] + bytes([i & 255]) for i in range(0, len(r), 3)) for r in COLOUR], 8, 6))
    good("grey-alpha.png", png([b"".join(bytes([v, 128]) for v in r) for r in GREY], 8, 4))
    good("one-pixel.png", png([b"\x7f"], 8, 0, 1, 1))
    good("tall.png", png([b"\x7f\x80"] * 3000, 8, 0, 2, 3000))
    good("moving.png", png(GREY, 8, 0, before=chunk(b"acTL", struct.pack(">II", 3, 0))))
    good("words-in.png", png(GREY, 8, 0, before=chunk(b"tEXt", b"Comment\0secret words") + chunk(b"iTXt", b"XML:com.adobe.xmp"
         b"\0\0\0\0\0<x>secret packet</x>")), lacks=("secret words", "secret packet"))
    good("true.bmp", bmp(COLOUR, 24))
    good("deep-bmp.bmp", bmp([b"".join(r[i:i + 3] + b"\0" for i in range(0, len(r), 3)) for r in COLOUR], 32))
    good("palette.bmp", bmp([bytes(v & 15 for v in r) for r in GREY], 8, b"".join(bytes([i * 16] * 3 + [0]) for i in range(16))))
    good("four-bit.bmp", bmp([bytes(r[:WIDTH // 2]) for r in GREY], 4, b"".join(bytes([i * 16] * 3 + [0]) for i in range(16))))
    good("one-bit.bmp", bmp([b"\xaa\x0f\xf0\x55\xcc\x33"] * HEIGHT, 1, b"\0\0\0\0\xff\xff\xff\0"))
    good("top-down.bmp", bmp(COLOUR, 24, height=-HEIGHT))
    frame = [(x * y) & 15 for y in range(8) for x in range(8)]
    good("still.gif", gif([frame]))
    good("moving-three.gif", gif([frame, frame[::-1], frame]), facts="frames=3")
    good("old-gif.gif", gif([frame]).replace(b"GIF89a", b"GIF87a").replace(b"!\xf9\4\4\x0a\0\0\0", b""))
    flat = b"".join(COLOUR)
    good("true-colour.tiff", tiff([(WIDTH, HEIGHT, 8, 3, 1, 2, flat)]))
    good("motorola.tif", tiff([(WIDTH, HEIGHT, 8, 3, 1, 2, flat)], ">"))
    good("packed.tif", tiff([(WIDTH, HEIGHT, 8, 1, 32773, 1, packbits(b"".join(GREY)))]))
    good("deflated.tif", tiff([(WIDTH, HEIGHT, 8, 1, 8, 1, zlib.compress(b"".join(GREY)))]))
    good("bilevel.tif", tiff([(WIDTH, HEIGHT, 1, 1, 1, 0, bytes(WIDTH // 8 * HEIGHT))]))
    good("sixteen.tif", tiff([(WIDTH, HEIGHT, 16, 1, 1, 1, bytes(2 * WIDTH * HEIGHT))]))
    good("four-inks.tif", tiff([(WIDTH, HEIGHT, 8, 4, 1, 5, bytes(4 * WIDTH * HEIGHT))]))
    document("four-pages.tif", tiff([(WIDTH, HEIGHT, 8, 1, 1, 1, b"".join(GREY))] * 4), "images", "*", kind="image", pages="1|4")
    camera = doc.ppm(64, 48, [bytes((x + y) & 255 for x in range(192)) for y in range(48)])
    good("grey-photo.jpg", cjpeg(doc.pgm(64, 48, [bytes(range(64))] * 48)))
    good("progressive.jpg", cjpeg(camera, "-progressive"))
    good("fine.jpg", cjpeg(camera, "-quality", "98", "-sample", "1x1"))
    for turn in range(2, 9):
        good("exif-%d.jpg" % turn, tagged(cjpeg(camera), exif(turn)), facts="rotated")
    good("comment.jpg", tagged(cjpeg(camera), b"\xff\xfe\0\x10secret comment"[:18]), lacks="secret comment")
    for kind, data in (("1", b"P1 8 2\n01010101\n10101010\n"), ("2", b"P2 4 2 255\n0 50 100 150 200 250 1 2\n"),
                       ("3", b"P3 2 1 255\n255 0 0 0 255 0\n"), ("4", b"P4 16 2\n\xaa\x55\x0f\xf0")):
        good("plain-%s.pnm" % kind, data)
    good("jpeg-named.png", cjpeg(camera))


def damage():
    whole = png(COLOUR, 8, 2)
    camera = cjpeg(doc.ppm(64, 48, [bytes((x * y) & 255 for x in range(192)) for y in range(48)]))
    frame = gif([[i & 15 for i in range(64)]] * 3)
    flat = tiff([(WIDTH, HEIGHT, 8, 3, 1, 2, b"".join(COLOUR))])
    for form, data in (("png", whole), ("jpg", camera), ("gif", frame), ("tif", flat), ("bmp", bmp(COLOUR, 24))):
        any_end("cut-picture-%s.%s" % (form, form), data[:len(data) // 2])
        turned = bytearray(data)
        for i in range(30, len(turned), 41):
            turned[i] ^= 0x55
        any_end("turned-picture-%s.%s" % (form, form), bytes(turned))
    document("sides.bmp", bmp(COLOUR, 24).replace(struct.pack("<ii", WIDTH, HEIGHT), struct.pack("<ii", 2 ** 30, 2 ** 30)),
             "stub", "limit-pixels|format|memory")
    document("sides-gif.gif", frame.replace(b"89a\x08\0\x08\0", b"89a\xff\xff\xff\xff"), "images|stub", "*")
    document("sides-tif.tif", tiff([(65535, 65535, 8, 3, 1, 2, bytes(100))]), "stub", "limit-pixels|format|memory")
    document("sides-jpg.jpg", camera.replace(b"\0\x30\0\x40", b"\xff\xff\xff\xff", 1), "images|stub", "*")
    any_end("zero-sides.png", png([], 8, 2, 0, 0))
    any_end("no-data.png", b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 9, 9, 8, 2, 0, 0, 0)) + chunk(b"IEND", b""))
    any_end("much-data.png", png([bytes(300)] * 100000, 8, 2, 2, 2))
    any_end("depth.png", png(GREY, 7, 3))
    any_end("no-palette.png", png(GREY, 8, 3))
    any_end("filters-odd.png", png(GREY, 8, 0).replace(b"IDAT", b"IDAT"[::-1]))
    loop = bytearray(tiff([(WIDTH, HEIGHT, 8, 1, 1, 1, b"".join(GREY))] * 2))
    at = 8 + 2 + 12 * 9
    loop[at:at + 4] = struct.pack("<I", 8)
    any_end("page-circle.tif", bytes(loop))
    any_end("strip-lies.tif", flat.replace(struct.pack("<HHII", 279, 4, 1, WIDTH * HEIGHT * 3), struct.pack("<HHII", 279, 4, 1, 2 ** 31)))
    any_end("frames-50000.gif", gif([[0] * 64] * 50000))
    any_end("endless.gif", gif([[0] * 64], b"," + struct.pack("<HHHHB", 0, 0, 8, 8, 0) + b"\4" + b"\xff" + bytes(255)))
    document("picture-and-program.png", whole + b"MZ" + bytes(600), "images", pages=1)
    document("picture-and-zip.jpg", camera + doc.png(2, 2, [bytes(6)] * 2) + b"PK\3\4" + bytes(60), "images", pages=1)
    document("program-named.png", b"MZ" + bytes(60) + b"\x80\0\0\0" + bytes(300), "stub", "never")
    document("page-named-png.png", b"<html><body><script>alert(1)</script>Words</body></html>", "text|images", words="Words", lacks="alert")
    document("drawing-svg.svg", b'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90"><rect width="50" height="50" fill="red"/>'
             b'<script>alert(1)</script><image href="http://evil.example/x.png"/><text x="5" y="70">Words</text></svg>',
             "images|text|stub", "*", lacks=("alert", "http://evil"))
    document("drawing-file.svg", b'<!DOCTYPE svg [<!ENTITY f SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg" '
             b'width="90" height="90"><text x="5" y="70">&f;</text><image width="9" height="9" href="file:///etc/passwd"/></svg>',
             "images|text|stub", "*", lacks="root:x:")
    document("drawing-bomb.svg", b'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90"><g id="a0"><rect width="9" height="9"/>'
             b"</g>" + b"".join(b'<g id="a%d">%s</g>' % (i, b'<use href="#a%d"/>' % (i - 1) * 10) for i in range(1, 10)) + b"</svg>",
             "images|text|stub", "*")


def samples():
    forms()
    with table.hostile_samples():
        damage()
