"""What tests/flow/34-images.t must find: shown.py WORK prints TAP lines."""
import glob
import json
import sys

from PIL import Image, ImageChops, ImageStat

WORK = sys.argv[1]

# Name, which picture it shows, how far from it in the mean of 255 (our own JPEG of
# it is 1 to 2 away), facts.
PLAIN, GREY, HALF, SMALL = "plain", "grey", "half", "small"
TABLE = [
    ("true.png", PLAIN, 2.5, {}),
    ("true.bmp", PLAIN, 2.5, {}),
    ("true.ppm", PLAIN, 2.5, {}),
    ("true.tif", PLAIN, 2.5, {}),
    ("true.jp2", PLAIN, 3, {}),
    ("true.jpg", PLAIN, 4, {}),
    ("progressive.jpg", PLAIN, 4, {}),
    ("true.webp", PLAIN, 6, {"format": "WebP"}),
    ("lossless.webp", PLAIN, 2.5, {}),
    ("true.heic", PLAIN, 6, {"format": "HEIC"}),
    ("true.avif", PLAIN, 6, {"format": "AVIF"}),
    ("cmyk.jpg", PLAIN, 4, {}),
    ("cmyk.tif", PLAIN, 2.5, {}),
    ("palette.tif", PLAIN, 8, {}),
    ("lab.tif", PLAIN, 20, {}),
    ("grey.png", GREY, 0.6, {}),
    ("grey16.png", GREY, 0.6, {}),
    ("grey.jpg", GREY, 2, {}),
    ("palette.png", PLAIN, 8, {}),
    ("palette.gif", PLAIN, 8, {}),
    ("alpha.png", HALF, 2.5, {}),
    ("alpha.webp", HALF, 2.5, {}),
    ("grey-alpha.png", GREY, 0.6, {}),
    ("frames.gif", PLAIN, 10, {"frames": "5"}),
    ("frames.png", PLAIN, 2.5, {"frames": "5"}),
    ("frames.webp", PLAIN, 2.5, {"frames": "5"}),
    ("turned.jpg", PLAIN, 6, {"rotated": "turned upright"}),
    ("turned.webp", PLAIN, 6, {"rotated": "turned upright", "metadata": "Exif"}),
    ("turned.png", PLAIN, 2.5, {"rotated": "turned upright"}),
    ("png.ico", SMALL, 2.5, {"format": "ICO"}),
    ("bitmap.ico", SMALL, 2.5, {"format": "ICO"}),
    ("bitmap.cur", SMALL, 2.5, {"format": "CUR"}),
]
# Cut short: shown or not, but the reader is told.
CUT = ["true.webp", "true.png", "true.jpg", "frames.gif", "true.heic",
       "true.avif"]

number = 0


def tell(good, name, why=""):
    global number
    number += 1
    print("%sok - %s%s" % ("" if good else "not ", name,
                           "" if good else " (%s)" % why))


def report(name):
    with open("%s/%s.report" % (WORK, name), encoding="utf-8") as f:
        return json.load(f)[0]["parts"][0]


def reference(which):
    im = Image.open(WORK + "/in/reference.png").convert("RGB")
    if which == GREY:
        return im.convert("L").convert("RGB")
    if which == SMALL:
        return im.resize((64, 64))
    if which == HALF:
        im.paste((255, 255, 255), (100, 0, 200, 150))
    return im


def distance(name, which):
    found = glob.glob("%s/out/%s/*" % (WORK, name))
    if len(found) != 1:
        return 256
    got = Image.open(found[0]).convert("RGB")
    want = reference(which)
    if got.size != want.size:
        return 255
    return sum(ImageStat.Stat(ImageChops.difference(got, want)).mean) / 3


for sample, picture, limit, facts in TABLE:
    part = report(sample)
    tell((part["outcome"], part["reason"]) == ("images", "complete"),
         sample + " arrives", "%(outcome)s %(reason)s" % part)
    d = distance(sample, picture)
    tell(d <= limit, sample + " shows what it showed", "%.2f" % d)
    for fact, value in facts.items():
        tell(part["facts"].get(fact) == value, "%s: %s" % (sample, fact),
             part["facts"].get(fact))
part = report("pages.tif")
tell(part["pages"] == 3, "pages.tif arrives with its three pages", part["pages"])
part = report("float.tif")
tell((part["outcome"], part["reason"]) == ("stub", "unsupported"),
     "float.tif, whose numbers are no colours, is not shown", str(part))
for sample in CUT:
    part = report("cut-" + sample)
    told = part["reason"] != "complete" or "malformed" in part["facts"]
    tell(told, "cut-%s: the reader is told" % sample, str(part))
