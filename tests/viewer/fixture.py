#!/usr/bin/env python3
"""A small internal host for the viewer's tests: configuration, index and Maildir,
in the layout that limpid-deliverd writes.

    fixture.py ROOT INDEX_SQL PORT SECCOMP_DIR [--tls] [--many N] [--pictures DIR]

Beside the mails it writes ROOT/expected/REF-PART-PAGE.{png,jpg}: what the viewer has
to answer for a page picture, byte for byte. --pictures takes page pictures from
PNG files (8-bit, one IDAT run) instead of drawing them.
"""
import argparse
import base64
import glob
import hashlib
import os
import random
import sqlite3
import struct
import time
import zlib

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def reference(n):
    """The n-th reference: 96 bits and CRC-4, as common/ref.c writes it."""
    raw = hashlib.sha256(b"ref%d" % n).digest()[:12]
    crc = 0
    for byte in raw:
        for k in range(7, -1, -1):
            bit = (crc >> 3 ^ byte >> k) & 1
            crc = (crc << 1 & 15) ^ (3 if bit else 0)
    value = int.from_bytes(raw, "big") << 4 | crc
    text = "".join(LETTERS[value >> 5 * (19 - i) & 31] for i in range(20))
    return "LM-" + "-".join(text[i:i + 5] for i in range(0, 20, 5))


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def draw_page(n, width=620, height=877):
    """Grey 4-bit page with bars like lines of text; rows with filter byte 0."""
    rnd = random.Random(n)
    rows = []
    lines = [[(60, 60 + rnd.randint(200, 480))] if y % 5 else [(60, 200 + rnd.randint(0, 200))] for y in range(30)]
    for y in range(height):
        row = bytearray(b"\xff" * ((width + 1) // 2))
        line, inside = divmod(y - 70, 24)
        if 0 <= line < 30 and 4 <= inside < 12:
            for a, b in lines[line]:
                for x in range(a // 2, b // 2):
                    if (x * 7 + line * 3) % 11 > 1:
                        row[x] = 0x33
        rows.append(b"\0" + bytes(row))
    return dict(width=width, height=height, depth=4, color=0, palette=None, idat=zlib.compress(b"".join(rows), 6))


def read_page(path):
    """An existing PNG as the parts that an index row holds."""
    data = open(path, "rb").read()
    at, idat, palette, page = 8, b"", None, {}
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        if kind == b"IHDR":
            w, h, depth, color = struct.unpack(">IIBB", body[:10])
            page = dict(width=w, height=h, depth=depth, color=color)
        elif kind == b"PLTE":
            palette = body
        elif kind == b"IDAT":
            idat += body
        at += 12 + size
    page.update(idat=idat, palette=palette)
    return page


def whole_png(page):
    head = struct.pack(">IIBBBBB", page["width"], page["height"], page["depth"], page["color"], 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) +
            (chunk(b"PLTE", page["palette"]) if page["palette"] else b"") +
            chunk(b"IDAT", page["idat"]) + chunk(b"IEND", b""))


# A JPEG of 8 x 8 grey samples, the smallest there is.
JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////"
    "////////////wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8Aff/Z")


class Host:
    def __init__(self, root, sql):
        self.root, self.n = root, 0
        for d in ("etc/limpid/keys", "run/limpid", "expected", "var/lib/limpid/index", "var/lib/limpid/accounts",
                  "var/lib/limpid/record", "var/lib/limpid/mail"):
            os.makedirs(os.path.join(root, d), exist_ok=True)
        self.db = sqlite3.connect(os.path.join(root, "var/lib/limpid/index/index.db"))
        self.db.executescript(open(sql).read())

    def put(self, table, row):
        names = ", ".join(row)
        self.db.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})", list(row.values()))

    def attachment(self, ref, part):
        """The decoded file of a part, its page rows; writes what the viewer shall answer."""
        out, rows = bytearray(b"%PDF-1.7\n"), []
        for i, page in enumerate(part["page_list"]):
            out += b"%d 0 obj\nstream\n" % (i + 1)
            if "jpeg" in page:
                data, form, name = page["jpeg"], "jpeg", "jpg"
                whole = data
            else:
                data, form, name = page["idat"], "png", "png"
                whole = whole_png(page)
            if part.get("single"):
                out, data, form = bytearray(whole), whole, "file"
            rows.append((i, page["width"], page["height"], form, page.get("depth", 8), page.get("color", 0),
                         page.get("palette"), zlib.crc32(b"IDAT" + data), 41 if form == "file" else len(out), len(data) - (50 if form == "file" else 0)))
            if form != "file":
                out += data + b"\nendstream\n"
            with open(f"{self.root}/expected/{ref}-{part['part']}-{i}.{name}", "wb") as f:
                f.write(whole)
        return bytes(out), rows

    def mail(self, boxes, parts, age_s, **m):
        self.n += 1
        ref = reference(self.n)
        now = int(time.time() * 1000)
        received = now - age_s * 1000
        files = []
        row = dict(id=self.n, ref=ref, received_ms=received, filed_ms=received + 4000, sender="", from_addr="",
                   from_name="", reply_to="", to_line="", cc_line="", subject="", date_claimed="", message_id="",
                   in_reply_to="", refs="", client="192.0.2.44", tls="TLSv1.3", auth="", size=4096,
                   sha256=hashlib.sha256(ref.encode()).hexdigest(), policy="9f3c41aa" * 8, outcome="container",
                   reason="complete", parts=len(parts) - 1, pages=0, stubs=0, cuts=0, document=0, snippet="",
                   file_size=0)
        row.update(m)
        mail = bytearray(f"From: limpid\nX-Limpid: {ref}\n\n".encode())
        body = ""
        for i, p in enumerate(parts):
            part = dict(mail_id=self.n, part=i + 1, parent=0 if i == 0 else 1, depth=0 if i == 0 else 1,
                        path="0" if i == 0 else str(i), name="", kind="mail", declared="", size=1000,
                        sha256="0" * 64, body=0, outcome="container", reason="complete", note="", rule="P210",
                        engine="mupdf", millis=20, pages=0, pages_total=0, file_name="", file_type="", file_size=0,
                        file_offset=0)
            part.update({k: v for k, v in p.items() if k in part})
            p["part"] = part["part"]
            if p.get("page_list"):
                data, rows = self.attachment(ref, p)
                part["pages"] = len(rows)
                part["pages_total"] = max(part["pages_total"], len(rows))
                part["file_type"] = p.get("file_type", "application/pdf")
                mail += b"--limit\nContent-Transfer-Encoding: base64\n\n"
                part["file_offset"], part["file_size"] = len(mail), len(data)
                mail += base64.encodebytes(data) + b"\n"
                for r in rows:
                    self.db.execute("INSERT INTO page VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", (self.n, part["part"]) + r)
            self.put("part", part)
            row["pages"] += part["pages"]
            row["stubs"] += part["outcome"] == "stub"
            row["cuts"] += part["outcome"] != "stub" and part["reason"] != "complete"
            for name, value in p.get("facts", []):
                self.put("fact", dict(mail_id=self.n, part=part["part"], fact=name, value=value))
            for page, text in p.get("texts", {}).items():
                self.put("text", dict(mail_id=self.n, part=part["part"], page=page, text=text))
                body += text + "\n"
                if part["body"] and not row["snippet"]:
                    row["snippet"] = " ".join(text.split())[:200]
        row["file_size"] = len(mail)
        self.put("mail", row)
        self.db.execute("INSERT INTO search(rowid, subject, people, body, attachments) VALUES (?,?,?,?,?)",
                        (self.n, row["subject"], row["from_name"] + " " + row["from_addr"], body, ""))
        for where, box in enumerate(boxes):
            name = f"{received // 1000}.M{self.n}.limpid"
            folder = "cur" if where else "new"
            for d in ("tmp", "new", "cur"):
                os.makedirs(f"{self.root}/var/lib/limpid/mail/{box}/{d}", exist_ok=True)
            with open(f"{self.root}/var/lib/limpid/mail/{box}/{folder}/{name}{':2,S' if where else ''}", "wb") as f:
                f.write(mail)
            self.put("mailbox", dict(mail_id=self.n, box=box, file=name, rcpt=box + "@agency.example"))
        return ref


ROOT_PART = dict(kind="mail")
PASS = "mx.agency.example; spf=pass smtp.mailfrom={0}; dkim=pass header.d={0}; dmarc=pass header.from={0}"

REPORT = {0: """Coastal survey office
South dyke repair
Interim report

Third version, after the review of 10 March 2026

Project number CRA-114-0382
Done by Beiwan Engineering""", 1: """Contents
1  Why and where  3
2  What is there today  7
3  Damage  14
4  Waves, measured and computed  19
5  Ways to repair  27
6  Cost and time  34""", 2: """Summary
The south dyke was built in 1989 and is 1,260 m long. During the typhoon of September the toe of sections 2 and 4 was \
washed out.

1. Damage
Section 4 is rated D (act at once), section 2 is C, all others A to B. The scour is 2.9 m deep, 0.7 m more than \
designed.

See hxxps[:]//files[.]beiwan-eng[.]example/s/nandi-v3 for the soundings."""}


def fill(host, pages, many):
    body = """Dear Ms Lin,

enclosed is the third version of the interim report and the cost table. The most important points:

1. Two more borings in section 4; its rating changes from C to D.
2. The numeric model was fitted again to the typhoon of September.

The raw soundings are large; they are at hxxps[:]//files[.]beiwan-eng[.]example/s/nandi-v3 \
(or write to data[@]beiwan-eng[.]com[.]tw). Our page is www[.]beiwan-eng[.]example.

With kind regards
Chou Tzu-En

> On 11 March Lin Mu-Ching wrote:
> The minutes of 10 March are approved. Please send
> the corrected version within a week.
"""
    refs = {}
    refs["report"] = host.mail(["lin", "survey"], [
        ROOT_PART,
        dict(kind="html", body=1, outcome="text", engine="libxml2", rule="P010", texts={-1: body},
             facts=[("links", "3"), ("link-mismatch", "label said beiwan-eng[.]example, target is "
                                                      "hxxps[:]//trk[.]mailcount[.]example/o/8f31"),
                    ("external-links", "1"), ("invisible-chars", "14"), ("charset", "utf-8")]),
        dict(kind="pdf", name="interim-report_v3.pdf", outcome="images", reason="limit-pages", note="pages 8",
             size=6100000, page_list=[pages(i) for i in range(8)], pages_total=12, texts=REPORT),
        dict(kind="image", name="section-4.jpg", outcome="images", single=1, file_type="image/jpeg", size=188000,
             page_list=[dict(width=8, height=8, jpeg=JPEG)]),
        dict(kind="archive", name="soundings.zip", outcome="stub", reason="encrypted", rule="P100", size=9800000),
    ], 3600, from_addr="chou.te@beiwan-eng.example", from_name="周子恩（北灣工程）", subject="Re: 南堤修復工程期中報告審查意見",
        to_line="Lin Mu-Ching <lin@agency.example>", cc_line="survey@agency.example", size=6100000,
        auth=PASS.format("beiwan-eng.example"), sender="chou.te@beiwan-eng.example",
        reply_to="Chou <chou.te@beiwan-eng.example>")
    refs["bank"] = host.mail(["lin"], [
        ROOT_PART,
        dict(kind="text", body=1, outcome="text", texts={-1: "Dear Ms Lin,\n\nKindly confirm the change today through "
             "our secure form hxxps[:]//tidewater-institute[.]example/confirm so that the March instalment is not "
             "delayed.\n\nRobert Marsh"}),
        dict(kind="pdf", name="bank-details.pdf", outcome="images", size=188000, page_list=[pages(3)],
             texts={0: "Account name: Tidewater Institute Projects\nBank: Example Bank <script>alert(1)</script>"}),
    ], 9000, from_addr="accounts@tidewater-institute.example", from_name="Harriet Lowe <h.lowe@tidewater.example>",
        subject="Updated bank details for the monitoring grant", reply_to="reply@quickmail.example", size=188000,
        to_line="lin@agency.example", auth="mx.agency.example; spf=pass smtp.mailfrom=tidewater-institute.example; "
        "dkim=none; dmarc=none")
    refs["sato"] = host.mail(["lin"], [
        dict(ROOT_PART, facts=[("follows", refs["report"])]),
        dict(kind="text", body=1, outcome="text", texts={-1: "お世話になっております。\n\n潮位補正の基準面を改めた修正版を"
             "お送りします。測線 L-17 の一部は欠測です。詳しくは hxxps[:]//hoshino-survey[.]example/l17をご覧ください。\n\n佐藤"}),
        dict(kind="pdf", name="納品書.pdf", outcome="images", size=240000, page_list=[pages(4), pages(5)],
             facts=[("scanned", "not scanned: timeout"), ("malware", "<i>Made.Name</i>"), ("ocr", "jpn, 2 pages of 2")],
             texts={0: "納品書\n第3回 沿岸測量データ", 1: "以上"}),
        dict(kind="text", name="測量成果.csv", outcome="text", size=64000, facts=[("unlocked", "a word in this mail")], texts={-1: "測線,水深\nL-17,12.4\nL-18,11.9\n"}),
    ], 90000, from_addr="m.sato@hoshino-survey.co.jp", from_name="佐藤 美咲", subject="第3回 沿岸測量データ納品のご案内（修正版）",
        to_line="lin@agency.example", auth=PASS.format("hoshino-survey.co.jp"), size=2400000)
    refs["broken"] = host.mail(["lin"], [dict(kind="mail", outcome="stub", reason="crash", rule="default")],
                               180000, from_addr="", from_name="", subject="", outcome="stub", reason="crash")
    refs["hostile"] = host.mail(["lin"], [
        ROOT_PART, dict(kind="html", body=1, outcome="text", facts=[("malformed", "<img src=x onerror=alert(1)>")],
                        texts={-1: "</section><script>alert('x')</script>\"&'\n\u202egnp.exe\n" + "a" * 70000}),
        dict(kind="pdf", name="\"><script>alert(1)</script>.pdf", outcome="images", page_list=[pages(6)],
             texts={0: "</div><script src=//evil.example></script>"}),
    ], 400000, from_addr="\"<script>alert(1)</script>\"@evil.example", from_name="<b>Boss</b>",
        subject="<script>alert('subject')</script>", to_line="<script>@x",
        auth="mx.agency.example; spf=fail smtp.mailfrom=\"; dmarc=pass\"@evil.example; dmarc=fail")
    refs["private"] = host.mail(["chen"], [
        ROOT_PART, dict(kind="text", body=1, outcome="text", texts={-1: "For Chen only: zebrafish."}),
        dict(kind="pdf", name="secret.pdf", outcome="images", page_list=[pages(7)], texts={0: "secret"}),
    ], 5000, from_addr="owen@tidewater.example", from_name="Owen Marsh", subject="Only for Chen",
        auth=PASS.format("tidewater.example"))
    for i in range(many):
        host.mail(["archive"], [ROOT_PART, dict(kind="text", body=1, outcome="text", texts={-1: f"Number {i}."})],
                  500000 + i * 600, from_addr=f"s{i % 40}@tidewater.example", from_name=f"Sender {i % 40}",
                  subject=f"Monitoring report {i}", auth=PASS.format("tidewater.example"), snippet=f"Number {i}.")
    return refs


def main():
    ap = argparse.ArgumentParser()
    for name in ("root", "sql", "port", "seccomp"):
        ap.add_argument(name)
    ap.add_argument("--tls", action="store_true")
    ap.add_argument("--many", type=int, default=0)
    ap.add_argument("--pictures")
    a = ap.parse_args()
    host = Host(a.root, a.sql)
    found = sorted(glob.glob(a.pictures + "/[abc]-*.png")) if a.pictures else []
    refs = fill(host, (lambda i: read_page(found[i % len(found)])) if found else draw_page, a.many)
    host.db.commit()
    for name, ref in refs.items():
        print(f"{name}={ref}")
    with open(f"{a.root}/etc/limpid/limpid.conf", "w") as f:
        tls = ('keys/viewer-tls.pem', 'keys/viewer-tls.key') if a.tls else ("none", "none")
        f.write(f'role = "internal"\nsanitizer {{\n\tseccomp_dir = "{a.seccomp}"\n}}\nviewer {{\n\tlisten = '
                f'"127.0.0.1:{a.port}"\n\ttls_cert = "{tls[0]}"\n\ttls_key = "{tls[1]}"\n}}\n')


main()
