#!/usr/bin/env python3
"""Makes one picture in many formats, by Pillow: pictures.py DIR.

tests/flow/34-images.t sends them through `limpid clean`; tests/lib/shown.py
knows what must come out of each.
"""
import struct
import sys

from PIL import Image, ImageDraw

WIDE, HIGH = 200, 150


def reference():
    """Ramps of colour with plain shapes on them, no side like another."""
    im = Image.new("RGB", (WIDE, HIGH))
    im.putdata([(x * 255 // WIDE, y * 255 // HIGH, 200 - x)
                for y in range(HIGH) for x in range(WIDE)])
    draw = ImageDraw.Draw(im)
    draw.rectangle((10, 10, 60, 60), (0, 255, 0))
    draw.rectangle((150, 110, 190, 140), (0, 0, 0))
    draw.ellipse((110, 40, 170, 100), (255, 255, 0))
    return im


def with_exif(im, path, orientation, **options):
    exif = im.getexif()
    exif[0x112] = orientation
    exif[0x10F] = "Camera of a person"
    im.save(path, exif=exif, **options)


def cursor(path, icon):
    """An icon's bytes as a cursor's: only the type differs."""
    body = bytearray(icon)
    body[2] = 2
    struct.pack_into("<HH", body, 10, 0, 0)
    open(path, "wb").write(bytes(body))


def main(folder):
    def to(name):
        return folder + "/" + name

    im = reference()
    turned = im.rotate(90, expand=True)
    others = [im.rotate(a) for a in (90, 180, 270, 300)]
    seen = Image.new("L", im.size, 0)
    ImageDraw.Draw(seen).rectangle((0, 0, 99, HIGH), 255)
    half = im.copy()
    half.putalpha(seen)
    im.save(to("reference.png"))
    for name in ("true.png", "true.bmp", "true.ppm", "true.tif", "true.jp2"):
        im.save(to(name))
    im.save(to("true.jpg"), quality=95, subsampling=0)
    im.save(to("progressive.jpg"), quality=95, subsampling=0, progressive=True)
    im.save(to("true.webp"), quality=95)
    im.save(to("lossless.webp"), lossless=True)
    im.convert("CMYK").save(to("cmyk.jpg"), quality=95)
    im.convert("CMYK").save(to("cmyk.tif"))
    im.quantize(64).save(to("palette.tif"))
    im.convert("LAB").save(to("lab.tif"))
    im.convert("F").save(to("float.tif"))
    im.convert("L").save(to("grey.png"))
    im.convert("L").convert("I").point(lambda v: v * 257).save(to("grey16.png"))
    im.convert("L").save(to("grey.jpg"), quality=95)
    im.quantize(64).save(to("palette.png"))
    im.quantize(64).save(to("palette.gif"))
    half.save(to("alpha.png"))
    half.save(to("alpha.webp"), lossless=True)
    im.convert("L").convert("LA").save(to("grey-alpha.png"))
    im.save(to("frames.gif"), save_all=True, append_images=others)
    im.save(to("frames.png"), save_all=True, append_images=others)
    im.save(to("frames.webp"), save_all=True, append_images=others,
            lossless=True)
    im.save(to("pages.tif"), save_all=True, append_images=others[:2])
    for name in ("turned.jpg", "turned.webp", "turned.png"):
        with_exif(turned, to(name), 6, quality=95)
    small = im.resize((64, 64))
    small.save(to("png.ico"), sizes=[(16, 16), (64, 64)])
    small.save(to("bitmap.ico"), sizes=[(16, 16), (64, 64)], bitmap_format="bmp")
    cursor(to("bitmap.cur"), open(to("bitmap.ico"), "rb").read())


if __name__ == "__main__":
    main(sys.argv[1])
