"""Words: files in the charsets and the HTML that mailers and people attach."""
import base64

import table
from table import document

LONG = {
    "ja": "次回の会議は三月二十四日の午後二時からです。資料は添付のとおりです。よろしくお願いいたします。\n",
    "tw": "三月份海岸監測資料已整理完畢，請查收附件。如有問題請與我聯絡，謝謝。\n",
    "cn": "附件是本季度的会议纪要，请查阅。如需修改请于周五之前回复，谢谢。\n",
    "kr": "안녕하세요. 회의 자료를 보내 드립니다. 확인 부탁드립니다.\n",
    "ru": "Добрый день, коллеги. Отчёт за март находится во вложении, просим проверить.\n",
    "gr": "Καλημέρα σας, η έκθεση του Μαρτίου επισυνάπτεται.\n",
    "il": "שלום רב, מצורף הדוח של חודש מרץ לעיונכם.\n",
    "sa": "مرحبا، تجدون تقرير شهر مارس مرفقا مع هذه الرسالة.\n",
    "th": "สวัสดีครับ รายงานเดือนมีนาคมอยู่ในเอกสารแนบ\n",
    "de": "Grüße aus Köln, die Übersicht für März ist beigefügt.\n",
    "pl": "Dzień dobry, załączam sprawozdanie za miesiąc marzec, proszę o sprawdzenie.\n",
    "in": "नमस्ते, मार्च की रिपोर्ट संलग्न है।\n",
}
# Charsets that a text without a label is known by; others arrive as text, but some words wrong.
KNOWN = (("ja", "utf-8"), ("ja", "utf-8-sig"), ("ja", "utf-16"), ("ja", "cp932"), ("ja", "euc_jp"), ("ja", "iso2022_jp"), ("tw", "big5"),
         ("tw", "utf-8"), ("cn", "gb18030"), ("cn", "utf-16"), ("kr", "euc_kr"), ("kr", "utf-8"), ("ru", "koi8_r"), ("ru", "cp1251"),
         ("ru", "utf-8"), ("gr", "utf-8"), ("il", "utf-8"), ("sa", "utf-8"), ("th", "utf-8"), ("de", "cp1252"), ("de", "utf-8"),
         ("in", "utf-8"), ("pl", "utf-8"))
GUESSED = (("ru", "cp866"), ("ru", "iso8859_5"), ("gr", "iso8859_7"), ("gr", "cp1253"), ("il", "cp1255"), ("sa", "cp1256"), ("th", "tis_620"),
           ("pl", "iso8859_2"), ("pl", "cp1250"), ("de", "cp437"), ("de", "mac_roman"))


def charsets():
    for language, charset in KNOWN:
        document("letter-%s-%s.txt" % (language, charset.replace("_", "")), (LONG[language] * 3).encode(charset), "text", kind="text",
                 words=LONG[language].strip()[:12])
    for language, charset in GUESSED:
        document("guess-%s-%s.txt" % (language, charset.replace("_", "")), (LONG[language] * 3).encode(charset), "text", kind="text")
    document("notes-log.log", b"2026-03-17 09:30:00 started\n" * 200, "text", words="started")
    document("source.c", b"#include <stdio.h>\nint main(void) { return 0; }\n", "text", words="int main")
    document("values.json", b'{"a": [1, 2, {"b": "words"}]}\n', "text", words="words")
    document("list.xml", b'<?xml version="1.0"?><list><item>words of a list</item></list>\n', "text|images", words="words of a list")
    document("links-text.txt", b"see https://evil.example/a and www.example.net and mail a@b.example\n", "text",
             words="hxxps[:]//evil[.]example/a", facts="links", lacks=("https://evil", "www.example", "a@b"))
    document("mac-text.txt", b"first\rsecond\rthird\r", "text", words=("first", "second"))
    document("long-line.txt", b"word " * 100000, "text", words="word word")


PAGES = (
    ("table", "<table><tr><td>left</td><td>right</td></tr></table>", ("left", "right")),
    ("list", "<ul><li>first</li><li>second</li></ul>", ("first", "second")),
    ("entities", "&lt;tag&gt; &eacute;t&#233; &#x6771;", ("<tag>", "été", "東")),
    ("ruby", "<ruby>漢<rt>かん</rt></ruby>", "漢"),
    ("pre", "<pre>a  b\n  c</pre>", "a  b"),
    ("headings", "<h1>Title</h1><h2>Part</h2><p>Text</p>", ("Title", "Part", "Text")),
    ("quote", "<blockquote>said before</blockquote>answer", ("said before", "answer")),
    ("office", '<p class=MsoNormal style="mso-fareast-language:JA">Words<o:p></o:p></p>', "Words"),
)
TRICKS = (
    ("hidden", '<p>Seen</p><span style="display:none">unseen one</span><span style="font-size:0">unseen two</span>', ("unseen one",)),
    ("script", "<p>Seen</p><script>unseen()</script><noscript>Seen too</noscript>", ("unseen()",)),
    ("style", "<style>p{background:url(http://evil.example/x)}</style><p>Seen</p>", ("evil.example",)),
    ("base", '<base href="http://evil.example/"><p>Seen <a href="x">here</a></p>', ("http://evil",)),
    ("refresh", '<meta http-equiv="refresh" content="0;url=http://evil.example/"><p>Seen</p>', ("http://evil",)),
    ("form", '<p>Seen</p><form action="http://evil.example/"><input type="submit" value="Go"></form>', ("<form", "http://evil")),
    ("handler", '<p onclick="unseen()" onmouseover="unseen()">Seen</p><img src=x onerror=unseen()>', ("unseen()",)),
    ("data", '<p>Seen</p><a href="data:text/html;base64,PHNjcmlwdD4=">x</a><iframe src="javascript:unseen()"></iframe>', ("unseen()",)),
    ("lying-link", '<p>Seen <a href="http://evil.example/login">https://www.bank.example/</a></p>', ("http://evil", "https://www")),
    ("svg", '<p>Seen</p><svg onload="unseen()"><script>unseen()</script></svg>', ("unseen()",)),
    ("comment", "<p>Seen</p><!--[if mso]><p>unseen office</p><![endif]-->", ("unseen office",)),
    ("unclosed", "<p>Seen<a href='http://evil.example/", ("http://evil",)),
    ("homograph", '<p>Seen <a href="http://xn--pple-43d.example/">\u0430pple.example</a></p>', ("http://xn",)),
    ("bidi", "<p>Seen \u202efdp.exe\u202c \u2066x\u2069 \u200bz</p>", ("\u202e", "\u2066", "\u200b")),
    ("remote", '<p>Seen</p><img src="http://evil.example/pixel.gif"><link rel=stylesheet href="//evil.example/x.css">', ("http://evil",)),
    ("ping", '<p>Seen <a ping="http://evil.example/" href="ftp://evil.example/x">x</a></p>', ("ftp://", "http://evil")),
    ("template", "<p>Seen</p><template><p>unseen</p></template><object data='http://evil.example/'></object>", ("http://evil",)),
)


def pages():
    for name, body, words in PAGES:
        document("page-%s.html" % name, ("<!DOCTYPE html><meta charset=utf-8><body>%s</body>" % body).encode(), "text|images", words=words)
    document("page-sjis.html", ('<html><head><meta charset="shift_jis"></head><body><p>%s</p></body></html>' % LONG["ja"]).encode("cp932"),
             "text|images", words="次回の会議")
    document("page-utf16.html", ("<html><body><p>%s</p></body></html>" % LONG["de"]).encode("utf-16"), "text|images", words="Grüße")
    document("strict.xhtml", b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body><p>Strict words</p>'
             b"</body></html>", "text|images", words="Strict words")


def tricks():
    for name, body, lacks in TRICKS:
        document("trick-%s.html" % name, ("<!DOCTYPE html><meta charset=utf-8><body>%s</body>" % body).encode(), "text|images", "*",
                 words="Seen", lacks=lacks)
    document("trick-nul.html", b"<html><body><p>Se\0en</p><scr\0ipt>x</scr\0ipt>", "text|images|stub", "*", lacks="<scr")
    document("tags-many.html", b"<p>Seen" + b"<b>" * 200000, "text|images|stub", "*")
    document("table-deep.html", b"<table><tr><td>" * 5000 + b"Seen", "text|images|stub", "*")
    document("entities-many.html", b"<p>" + b"&NotEqualTilde;" * 100000, "text|images|stub", "*")
    document("picture-inside.html", b'<p>Seen</p><img src="data:image/png;base64,' + base64.b64encode(bytes(2000)) + b'">', "text|images",
             "*", words="Seen")
    document("archive-page.mht", b"From: <Saved by Browser>\r\nSubject: page\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; "
             b"boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/html\r\nContent-Location: http://evil.example/\r\n\r\n<p>Seen</p>"
             b"<script>unseen()</script>\r\n--b--\r\n", "container|text", words="Seen", lacks="unseen()")
    for name, data in (("script.js", b"var a = new ActiveXObject('WScript.Shell');\na.Run('calc');\n"),
                       ("script.vbs", b'Set s = CreateObject("WScript.Shell")\r\ns.Run "calc"\r\n'),
                       ("script.bat", b"@echo off\r\ndel /q c:\\*.*\r\n"), ("script.ps1", b"Invoke-Expression (New-Object Net.WebClient)\n"),
                       ("script.sh", b"#!/bin/sh\nrm -rf /\n"), ("script.py", b"#!/usr/bin/python3\nprint(1)\n"),
                       ("shortcut.url", b"[InternetShortcut]\r\nURL=http://evil.example/\r\n"),
                       ("entry.desktop", b"[Desktop Entry]\nExec=rm -rf /\nType=Application\n"),
                       ("page.hta", b"<html><hta:application/><script language=vbscript>x</script></html>"),
                       ("settings.reg", b"Windows Registry Editor Version 5.00\r\n\r\n[HKEY_CURRENT_USER\\x]\r\n"),
                       ("link.lnk", b"\x4c\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46" + bytes(100)),
                       ("note.one", b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3" + bytes(500)),
                       ("disc.vhd", b"conectix" + bytes(600)), ("help.chm", b"ITSF" + bytes(200)), ("film.swf", b"FWS\5" + bytes(100)),
                       ("base.mdb", b"\0\1\0\0Standard Jet DB\0" + bytes(100))):
        document(name.replace(".", "-%s." % name.split(".")[1]), data, "stub|text", "*", lacks="http://evil")
    document("film.mp4", b"\0\0\0\x18ftypmp42" + bytes(200), "stub", "unsupported")
    document("sound.mp3", b"ID3\4" + bytes(300), "stub", "unsupported")
    document("words-and-nul.txt", b"words\0words\0" * 500, "text|stub", "*")
    document("control.txt", bytes(range(1, 32)) * 20 + b"words", "text|stub", "*", lacks="\x1b")
    document("escape.txt", b"\x1b]2;title\x07\x1b[2Jsome words in colours \x1b[31mred\x1b[0m and a long line of it\n" * 20, "text", "*", words="words", lacks="\x1b")
    document("combining.txt", ("a" + "\u0301" * 5000 + " words\n").encode(), "text", "*", words="words")
    document("overlong.txt", b"words \xc0\xaf\xe0\x80\xaf\xf8\x88\x80\x80\x80 \xed\xa0\x80 end\n" * 3, "text|stub", "*")


def samples():
    charsets()
    pages()
    with table.hostile_samples():
        tricks()
