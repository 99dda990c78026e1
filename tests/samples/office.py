"""Office documents made from nothing: OOXML and ODF by zipfile, RTF as text.

Every function returns bytes. Used by the flow tests and by the benchmarks.
"""
import io
import zipfile

XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PKG = "http://schemas.openxmlformats.org/package/2006"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SLIDE = "http://schemas.openxmlformats.org/presentationml/2006/main"
DRAW = "http://schemas.openxmlformats.org/drawingml/2006/main"
OFFICE = "application/vnd.openxmlformats-officedocument."


def escape(s):
    return s.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def package(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, body in members:
            # an ODF says what it is in its first member, which is not packed
            kind = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            z.writestr(name, body if isinstance(body, bytes) else body.encode(), kind)
    return out.getvalue()


def relationships(items):
    """items: (type, target) or (type, target, "External")."""
    return (XML + '<Relationships xmlns="%s/relationships">' % PKG + "".join(
        '<Relationship Id="rId%d" Type="%s/%s" Target="%s"%s/>'
        % (i, REL, item[0], item[1], ' TargetMode="External"' if len(item) > 2 else "")
        for i, item in enumerate(items, 1)) + "</Relationships>")


def content_types(overrides):
    return (XML + '<Types xmlns="%s/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package'
            '.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
            '<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/>' % PKG
            + "".join('<Override PartName="%s" ContentType="%s"/>' % o for o in overrides)
            + "</Types>")


def docx(paragraphs, links=(), comment=None, changed=None, field=None, macros=False, more=()):
    """Paragraphs of words; a form feed begins a new page."""
    body, rels = "", []
    for p in paragraphs:
        run = '<w:br w:type="page"/>' if p.startswith("\f") else ""
        body += ('<w:p><w:r>%s<w:t xml:space="preserve">%s</w:t></w:r></w:p>'
                 % (run, escape(p.lstrip("\f"))))
    for label, target in links:
        rels.append(("hyperlink", escape(target), "External"))
        body += ('<w:p><w:hyperlink r:id="rId%d"><w:r><w:rPr><w:rStyle '
                 'w:val="Hyperlink"/></w:rPr><w:t>%s</w:t></w:r></w:hyperlink></w:p>'
                 % (len(rels), escape(label)))
    if changed:
        body += ('<w:p><w:ins w:id="1" w:author="a" w:date="2026-01-01T00:00:00Z"><w:r>'
                 '<w:t>%s</w:t></w:r></w:ins></w:p>' % escape(changed))
    if field:
        body += ('<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>%s'
                 '</w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
                 % escape(field))
    main = OFFICE + "wordprocessingml.document.main+xml"
    if macros:
        main = "application/vnd.ms-word.document.macroEnabled.main+xml"
        rels.append(("vbaProject", "vbaProject.bin"))
        more = list(more) + [("word/vbaProject.bin", b"not a real one")]
    types = [("/word/document.xml", main),
             ("/word/styles.xml", OFFICE + "wordprocessingml.styles+xml")]
    rels.append(("styles", "styles.xml"))
    more = list(more) + [("word/styles.xml", XML + '<w:styles xmlns:w="%s"><w:style '
                          'w:type="character" w:styleId="Hyperlink"><w:name w:val="Hyperlink"/>'
                          '</w:style></w:styles>' % WORD)]
    if comment:
        rels.append(("comments", "comments.xml"))
        types.append(("/word/comments.xml", OFFICE + "wordprocessingml.comments+xml"))
        more = list(more) + [("word/comments.xml", XML + '<w:comments xmlns:w="%s"><w:comment '
                              'w:id="0" w:author="a"><w:p><w:r><w:t>%s</w:t></w:r></w:p>'
                              '</w:comment></w:comments>' % (WORD, escape(comment)))]
    return package([
        ("[Content_Types].xml", content_types(types)),
        ("_rels/.rels", relationships([("officeDocument", "word/document.xml")])),
        ("word/_rels/document.xml.rels", relationships(rels)),
        ("word/document.xml", XML + '<w:document xmlns:w="%s" xmlns:r="%s"><w:body>%s'
         '<w:sectPr><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1134" w:right="1134" '
         'w:bottom="1134" w:left="1134" w:header="0" w:footer="0" w:gutter="0"/></w:sectPr></w:body></w:document>' % (WORD, REL, body))] + list(more))


def column(n):
    return chr(65 + n) if n < 26 else chr(64 + n // 26) + chr(65 + n % 26)


def cell(row, n, value):
    at = "%s%d" % (column(n), row)
    if isinstance(value, str) and value.startswith("="):
        formula, _, result = value[1:].partition("|")
        return '<c r="%s"><f>%s</f><v>%s</v></c>' % (at, escape(formula), escape(result))
    if isinstance(value, str):
        return '<c r="%s" t="inlineStr"><is><t>%s</t></is></c>' % (at, escape(value))
    return '<c r="%s"><v>%s</v></c>' % (at, value)


def xlsx(sheets):
    """sheets: (name, state, rows); a formula is "=formula|value"."""
    types = [("/xl/workbook.xml", OFFICE + "spreadsheetml.sheet.main+xml")]
    members, entries, rels = [], "", []
    for i, (name, state, rows) in enumerate(sheets, 1):
        types.append(("/xl/worksheets/sheet%d.xml" % i, OFFICE + "spreadsheetml.worksheet+xml"))
        rels.append(("worksheet", "worksheets/sheet%d.xml" % i))
        entries += ('<sheet name="%s" sheetId="%d" state="%s" r:id="rId%d"/>'
                    % (escape(name), i, state, i))
        data = "".join('<row r="%d">%s</row>' % (r, "".join(cell(r, n, v)
                       for n, v in enumerate(row))) for r, row in enumerate(rows, 1))
        members.append(("xl/worksheets/sheet%d.xml" % i, XML + '<worksheet xmlns="%s">'
                        '<sheetData>%s</sheetData></worksheet>' % (SHEET, data)))
    return package([
        ("[Content_Types].xml", content_types(types)),
        ("_rels/.rels", relationships([("officeDocument", "xl/workbook.xml")])),
        ("xl/_rels/workbook.xml.rels", relationships(rels)),
        ("xl/workbook.xml", XML + '<workbook xmlns="%s" xmlns:r="%s"><sheets>%s</sheets>'
         '</workbook>' % (SHEET, REL, entries))] + members)


def pptx(slides):
    """slides: a line of words each."""
    types = [("/ppt/presentation.xml", OFFICE + "presentationml.presentation.main+xml"),
             ("/ppt/slideMasters/slideMaster1.xml", OFFICE + "presentationml.slideMaster+xml"),
             ("/ppt/slideLayouts/slideLayout1.xml", OFFICE + "presentationml.slideLayout+xml"),
             ("/ppt/theme/theme1.xml", OFFICE + "theme+xml")]
    names = 'xmlns:a="%s" xmlns:r="%s" xmlns:p="%s"' % (DRAW, REL, SLIDE)
    tree = ('<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr>'
            '<p:grpSpPr/>')
    colours = "".join("<a:%s><a:srgbClr val=\"%s\"/></a:%s>" % (n, v, n) for n, v in (
        ("dk1", "000000"), ("lt1", "FFFFFF"), ("dk2", "222222"), ("lt2", "EEEEEE"),
        ("accent1", "336699"), ("accent2", "993333"), ("accent3", "339933"),
        ("accent4", "996633"), ("accent5", "333399"), ("accent6", "339999"),
        ("hlink", "0000FF"), ("folHlink", "800080")))
    font = '<a:latin typeface="DejaVu Sans"/><a:ea typeface=""/><a:cs typeface=""/>'
    fill = '<a:solidFill><a:schemeClr val="phClr"/></a:solidFill>'
    theme = (XML + '<a:theme xmlns:a="%s" name="t"><a:themeElements><a:clrScheme name="t">%s'
             '</a:clrScheme><a:fontScheme name="t"><a:majorFont>%s</a:majorFont><a:minorFont>%s'
             '</a:minorFont></a:fontScheme><a:fmtScheme name="t"><a:fillStyleLst>%s</a:fillStyleLst>'
             '<a:lnStyleLst>%s</a:lnStyleLst><a:effectStyleLst>%s</a:effectStyleLst>'
             '<a:bgFillStyleLst>%s</a:bgFillStyleLst></a:fmtScheme></a:themeElements></a:theme>'
             % (DRAW, colours, font, font, fill * 3, ("<a:ln>%s</a:ln>" % fill) * 3,
                "<a:effectStyle><a:effectLst/></a:effectStyle>" * 3, fill * 3))
    clr = ('<p:clrMap bg1="lt1" tx1="dk1" bg2="lt2" tx2="dk2" accent1="accent1" accent2="accent2"'
           ' accent3="accent3" accent4="accent4" accent5="accent5" accent6="accent6"'
           ' hlink="hlink" folHlink="folHlink"/>')
    members, ids = [], ""
    rels = [("slideMaster", "slideMasters/slideMaster1.xml")]
    for i, words in enumerate(slides, 1):
        types.append(("/ppt/slides/slide%d.xml" % i, OFFICE + "presentationml.slide+xml"))
        rels.append(("slide", "slides/slide%d.xml" % i))
        ids += '<p:sldId id="%d" r:id="rId%d"/>' % (255 + i, i + 1)
        shape = ('<p:sp><p:nvSpPr><p:cNvPr id="2" name="t"/><p:cNvSpPr txBox="1"/><p:nvPr/>'
                 '</p:nvSpPr><p:spPr><a:xfrm><a:off x="900000" y="900000"/><a:ext cx="7000000"'
                 ' cy="2000000"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></p:spPr>'
                 '<p:txBody><a:bodyPr/><a:p><a:r><a:rPr lang="en-US" sz="3200"/><a:t>%s</a:t></a:r>'
                 '</a:p></p:txBody></p:sp>' % escape(words))
        members += [("ppt/slides/slide%d.xml" % i, XML + '<p:sld %s><p:cSld><p:spTree>%s%s'
                     '</p:spTree></p:cSld></p:sld>' % (names, tree, shape)),
                    ("ppt/slides/_rels/slide%d.xml.rels" % i,
                     relationships([("slideLayout", "../slideLayouts/slideLayout1.xml")]))]
    return package([
        ("[Content_Types].xml", content_types(types)),
        ("_rels/.rels", relationships([("officeDocument", "ppt/presentation.xml")])),
        ("ppt/_rels/presentation.xml.rels", relationships(rels)),
        ("ppt/presentation.xml", XML + '<p:presentation %s><p:sldMasterIdLst><p:sldMasterId '
         'id="2147483648" r:id="rId1"/></p:sldMasterIdLst><p:sldIdLst>%s</p:sldIdLst>'
         '<p:sldSz cx="9144000" cy="6858000"/><p:notesSz cx="6858000" cy="9144000"/>'
         '</p:presentation>' % (names, ids)),
        ("ppt/slideMasters/slideMaster1.xml", XML + '<p:sldMaster %s><p:cSld><p:spTree>%s'
         '</p:spTree></p:cSld>%s<p:sldLayoutIdLst><p:sldLayoutId id="2147483649" r:id="rId1"/>'
         '</p:sldLayoutIdLst></p:sldMaster>' % (names, tree, clr)),
        ("ppt/slideMasters/_rels/slideMaster1.xml.rels", relationships(
            [("slideLayout", "../slideLayouts/slideLayout1.xml"), ("theme", "../theme/theme1.xml")])),
        ("ppt/slideLayouts/slideLayout1.xml", XML + '<p:sldLayout %s><p:cSld><p:spTree>%s'
         '</p:spTree></p:cSld></p:sldLayout>' % (names, tree)),
        ("ppt/slideLayouts/_rels/slideLayout1.xml.rels",
         relationships([("slideMaster", "../slideMasters/slideMaster1.xml")])),
        ("ppt/theme/theme1.xml", theme)] + members)


ODF = ('xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
       'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
       'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
       'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
       'xmlns:xlink="http://www.w3.org/1999/xlink" '
       'xmlns:dc="http://purl.org/dc/elements/1.1/" office:version="1.2"')


def odf(kind, body, styles="", more=()):
    mime = "application/vnd.oasis.opendocument." + kind
    files = "".join('<manifest:file-entry manifest:full-path="%s" manifest:media-type="text/xml"/>'
                    % name for name, _ in more)
    return package([
        ("mimetype", mime),
        ("META-INF/manifest.xml", XML + '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:'
         'opendocument:xmlns:manifest:1.0" manifest:version="1.2"><manifest:file-entry '
         'manifest:full-path="/" manifest:media-type="%s"/><manifest:file-entry '
         'manifest:full-path="content.xml" manifest:media-type="text/xml"/>%s'
         '</manifest:manifest>' % (mime, files)),
        ("content.xml", XML + '<office:document-content %s><office:automatic-styles>%s'
         '</office:automatic-styles><office:body>%s</office:body></office:document-content>'
         % (ODF, styles, body))] + list(more))


def odt(paragraphs, comment=None, link=None, more=()):
    words = "".join("<text:p>%s</text:p>" % escape(p) for p in paragraphs)
    if comment:
        words += ("<text:p>x<office:annotation><dc:creator>a</dc:creator><text:p>%s</text:p>"
                  "</office:annotation></text:p>" % escape(comment))
    if link:
        words += '<text:p><text:a xlink:type="simple" xlink:href="%s">here</text:a></text:p>' % link
    return odf("text", "<office:text>%s</office:text>" % words, more=more)


def ods(sheets):
    """sheets: (name, shown, rows of words)."""
    styles = ('<style:style style:name="off" style:family="table"><style:table-properties '
              'table:display="false"/></style:style>')
    body = ""
    for name, shown, rows in sheets:
        body += '<table:table table:name="%s"%s>' % (
            escape(name), "" if shown else ' table:style-name="off"')
        for row in rows:
            body += "<table:table-row>" + "".join(
                '<table:table-cell office:value-type="string"><text:p>%s</text:p>'
                '</table:table-cell>' % escape(v) for v in row) + "</table:table-row>"
        body += "</table:table>"
    return odf("spreadsheet", "<office:spreadsheet>%s</office:spreadsheet>" % body, styles)


def rtf(paragraphs, more=""):
    words = "\\par\n".join("".join(c if ord(c) < 128 and c not in "\\{}" else
                           "\\u%d?" % (ord(c) if ord(c) < 32768 else ord(c) - 65536)
                           for c in p) for p in paragraphs)
    return ("{\\rtf1\\ansi\\deff0{\\fonttbl{\\f0 Liberation Serif;}}\\f0 %s%s\\par}"
            % (words, more)).encode("ascii")
