"""PDFs with words that nobody sees, with files inside, and with what only one of the two
engines can take. Used by generate.py and by 34-pdf-engines.t.
"""
import re
import sys
import zlib

import documents as doc
from pdf_samples import FONT, WORDS, loose, stream
from table import document

SECRET = b"(secret words of a stranger) Tj ET"
INVOICE = (b"<?xml version='1.0' encoding='UTF-8'?>\n<rsm:CrossIndustryInvoice xmlns:rsm='urn:un:unece:uncefact:data:standard:"
           b"CrossIndustryInvoice:100'><ID>RE-2026-117</ID><DuePayableAmount>42.50</DuePayableAmount>"
           b"</rsm:CrossIndustryInvoice>\n")


def white():
    return loose(b"BT /F 12 Tf 20 170 Td (shown) Tj ET BT /F 12 Tf 1 1 1 rg 20 90 Td " + SECRET)


def unseen():
    """Name, PDF, and whether its page has more hidden words than shown ones."""
    short = b"BT /F 12 Tf 20 170 Td (shown) Tj ET "
    layer = dict(catalog=b"/OCProperties<</OCGs[6 0 R]/D<</OFF[6 0 R]>>>>", resources=b"/Properties<</O 6 0 R>>",
                 more=b"6 0 obj<</Type/OCG/Name(x)>>endobj\n")
    yield "white", white(), True
    yield "nearly-white", loose(short + b"BT /F 12 Tf .98 .99 .98 rg 20 90 Td " + SECRET), True
    yield "off-page", loose(short + b"BT /F 12 Tf 20 900 Td " + SECRET), True
    yield "tiny", loose(short + b"BT /F 1 Tf 20 90 Td " + SECRET), True
    yield "no-pen", loose(short + b"BT /F 12 Tf 3 Tr 20 90 Td " + SECRET), True
    yield "blacked-out", loose(short + b"BT /F 12 Tf 20 90 Td " + SECRET + b" 10 84 280 16 re f"), True
    yield "dark-layer", loose(short + b"/OC /O BDC BT /F 12 Tf 20 50 Td " + SECRET + b" EMC", **layer), True
    yield "white-beside", loose(b"BT /F 12 Tf 20 170 Td (shown words of a friend, all of them) Tj 0 -30 Td 1 g " + SECRET), False


def ocr_scan():
    """A page as a scanner with text recognition makes it: the picture, and its words without a pen."""
    page = doc.text_pdf([["Harbour Office", "", "Dear Ms Lin,", "", "we confirm the receipt."]])
    jpeg, width, height = doc.scan_jpeg(page)
    p = doc.Pdf()
    tree = p.reserve()
    image = p.add(b"<</Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8/ColorSpace/DeviceGray"
                  b"/Filter/DCTDecode>>" % (width, height), jpeg)
    font = p.add(FONT)
    content = p.add(b"<<>>", b"q 595 0 0 842 0 0 cm /I Do Q BT 3 Tr /F 11 Tf 14 TL 60 780 Td (Harbour Office) Tj T* T* "
                    b"(Dear Ms Lin,) Tj T* T* (we confirm the receipt.) Tj ET")
    leaf = p.add(b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 595 842]/Contents %d 0 R/Resources<</XObject<</I %d 0 R>>"
                 b"/Font<</F %d 0 R>>>>>>" % (tree, content, image, font))
    p.set(tree, b"<</Type/Pages/Count 1/Kids[%d 0 R]>>" % leaf)
    return p.finish(p.add(b"<</Type/Catalog/Pages %d 0 R>>" % tree))


def spec(number, name, stream_number, more=b""):
    return b"%d 0 obj<</Type/Filespec/F(%s)/UF(%s)/EF<</F %d 0 R>>%s>>endobj\n" % (number, name, name, stream_number, more)


def e_invoice():
    """As ZUGFeRD and Factur-X have it: associated, and in the name tree."""
    return loose(WORDS, b"/AF[20 0 R]/Names<</EmbeddedFiles<</Names[(factur-x.xml)20 0 R]>>>>",
                 more=spec(20, b"factur-x.xml", 21, b"/AFRelationship/Data") +
                 stream(21, b"/Type/EmbeddedFile/Subtype/text#2Fxml/Filter/FlateDecode", zlib.compress(INVOICE)))


def collection():
    """A portfolio: a cover page, a document, words, and a program."""
    inner = doc.text_pdf([["inner one"], ["inner two"]])
    return loose(WORDS, b"/Collection<</View/T>>/Names<</EmbeddedFiles<</Kids[<</Names[(a)20 0 R(b)22 0 R]/Limits[(a)(b)]>>"
                 b"<</Names[(c)24 0 R]/Limits[(c)(c)]>>]>>>>",
                 more=spec(20, b"inner.pdf", 21) + stream(21, b"/Type/EmbeddedFile", inner) +
                 spec(22, b"../../words.txt", 23) + stream(23, b"/Type/EmbeddedFile", b"words of a file\n") +
                 spec(24, b"tool.exe", 25) + stream(25, b"/Type/EmbeddedFile", b"MZ" + bytes(60) + b"\x80\0\0\0" + bytes(64) +
                                                    b"PE\0\0" + bytes(200)))


def note_with_file(inner=b"words pinned to a page\n"):
    return loose(WORDS, extra=b"/Annots[26 0 R]", more=b"26 0 obj<</Type/Annot/Subtype/FileAttachment/Rect[9 9 29 29]/FS 20 0 R>>"
                 b"endobj\n" + spec(20, b"pinned.txt", 21) + stream(21, b"/Type/EmbeddedFile", inner))


def bomb_inside():
    """Little bytes that unpack to much."""
    packed = zlib.compress(bytes(200 << 20), 9)
    return loose(WORDS, b"/Names<</EmbeddedFiles<</Names[(a)20 0 R]>>>>", more=spec(20, b"zeros.bin", 21) +
                 stream(21, b"/Type/EmbeddedFile/Filter/FlateDecode", packed))


def far_numbers(pages=2):
    """Its objects have numbers that MuPDF 1.21 holds for damage; poppler reads them."""
    plain = doc.text_pdf([["page %d for two engines" % i] for i in range(pages)], compress=False)
    return re.sub(rb"xref\n0 (\d+)", rb"xref\n8388600 \1", plain)


def letters_by_number():
    """A font whose letters are named by numbers, as some producers do: MuPDF knows no such names."""
    names = b"".join(b"/c%d" % c for c in range(65, 91))
    font = (b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/FirstChar 65/LastChar 90/Widths[%s]/Encoding<</Type/Encoding"
            b"/Differences[65%s]>>>>" % (b"600 " * 26, names))
    return loose(b"BT /T 20 Tf 20 50 Td (WORDSBYNUMBER) Tj ET", more=b"7 0 obj%sendobj\n" % font).replace(
        b"/F %s" % FONT, b"/F %s/T 7 0 R" % FONT)


def samples():
    for name, data, marked in unseen():
        document("unseen-%s.pdf" % name, data, "images", hostile=True, pages=1, words="shown", lacks="secret words",
                 facts="hidden-text & " + ("unseen-text=1" if marked else "!unseen-text"))
    document("ocr-scan.pdf", ocr_scan(), "images", pages=1, words=("Harbour Office", "confirm the receipt"),
             facts="!unseen-text & !hidden-text")
    document("e-invoice.pdf", e_invoice(), "images", pages=1, words=("visible words", "RE-2026-117"), facts="embedded=1")
    document("collection.pdf", collection(), "images", pages=1, words=("visible words", "inner two", "words of a file"),
             facts="embedded=3")
    document("note-with-file.pdf", note_with_file(), "images", pages=1, words="pinned to a page", facts="embedded=1")
    document("bomb-inside.pdf", bomb_inside(), "images", hostile=True, pages=1, words="visible words", facts="embedded=1")
    document("far-numbers.pdf", far_numbers(), "images", pages=2, words="page 1 for two engines")
    document("letters-by-number.pdf", letters_by_number(), "images", pages=1, words="WORDSBYNUMBER")


if __name__ == "__main__":
    for name, data, _ in unseen():
        open("%s/unseen-%s.pdf" % (sys.argv[1], name), "wb").write(data)
    for each in (ocr_scan, e_invoice, collection, note_with_file, bomb_inside, far_numbers, letters_by_number):
        open("%s/%s.pdf" % (sys.argv[1], each.__name__.replace("_", "-")), "wb").write(each())
