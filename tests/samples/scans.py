#!/usr/bin/env python3
"""Makes pictures of words, as a scanner would: scans.py FOLDER

In FOLDER: eng.png, chi_tra.png, jpn.png, each with its words in NAME.txt; mixed.pdf, whose
first page has words of its own and whose second is a scan; photo.png, without any word.
"""
import io
import os
import random
import sys

from PIL import Image, ImageDraw, ImageFont

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import documents as doc  # noqa: E402

FONT = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
FACE = {"jpn": 0, "chi_tra": 3, "eng": 0}
WORDS = {
    "eng": ["The harbour office confirms the delivery of",
            "forty crates of measuring instruments on Tuesday.",
            "Please sign the enclosed form and return it",
            "before the end of the month. Reference 48213."],
    "chi_tra": ["三月份海岸監測資料已整理完畢，",
                "請各單位於本週五下班前完成確認，",
                "並將簽署後的表格送回承辦人員。",
                "如有疑問請洽資訊室林小姐。"],
    "jpn": ["次回の会議は三月二十四日の午後二時からです。",
            "資料は添付のとおりですのでご確認ください。",
            "出席できない場合はお早めにご連絡ください。",
            "よろしくお願いいたします。"],
}


def page(lines, face, size=40):
    image = Image.new("L", (1240, 700), 255)
    draw = ImageDraw.Draw(image)
    font = ImageFont.truetype(FONT, size, index=face)
    for i, line in enumerate(lines):
        draw.text((80, 80 + i * 90), line, font=font, fill=0)
    rng = random.Random(5)
    dots = image.load()
    for _ in range(900):        # dust
        dots[rng.randrange(1240), rng.randrange(700)] = rng.randrange(120, 255)
    return image


def mixed_pdf(scan):
    """One page of text, one of a picture."""
    jpeg = io.BytesIO()
    scan.save(jpeg, "JPEG", quality=90)
    p = doc.Pdf()
    tree, font = p.reserve(), p.add(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
    words = p.add(b"<<>>", b"BT /F 18 Tf 60 700 Td (These are the words of the page itself.) Tj ET")
    one = p.add(b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F %d 0 R>>>>/Contents %d 0 R>>" % (
        tree, font, words))
    picture = p.add(b"<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8"
                    b"/Filter/DCTDecode>>" % scan.size, jpeg.getvalue())
    draw = p.add(b"<<>>", b"q 595 0 0 336 0 400 cm /I Do Q")
    two = p.add(b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 595 842]/Resources<</XObject<</I %d 0 R>>>>/Contents %d 0 R>>" % (
        tree, picture, draw))
    p.set(tree, b"<</Type/Pages/Count 2/Kids[%d 0 R %d 0 R]>>" % (one, two))
    return p.finish(p.add(b"<</Type/Catalog/Pages %d 0 R>>" % tree))


def main(folder):
    for name, lines in WORDS.items():
        page(lines, FACE[name]).save(os.path.join(folder, name + ".png"), dpi=(150, 150))
        with open(os.path.join(folder, name + ".txt"), "w", encoding="utf-8") as f:
            f.write("\n".join(lines))
    with open(os.path.join(folder, "mixed.pdf"), "wb") as f:
        f.write(mixed_pdf(page(WORDS["eng"], FACE["eng"])))
    rng = random.Random(7)
    photo = Image.new("L", (60, 40))
    photo.putdata([rng.randrange(60, 200) for _ in range(2400)])
    photo.resize((900, 600), Image.BICUBIC).save(os.path.join(folder, "photo.png"))


if __name__ == "__main__":
    main(sys.argv[1])
