#!/usr/bin/env python3
"""inert.py FOLDER WORDS: reads, with other people's programs, all that limpid clean wrote
into FOLDER, and finds nothing active in it. Speaks TAP; collects each line of words once into the file
WORDS, for those who look for links in them.

A PDF may hold page objects and image streams, and no name beyond these lists; a picture
nothing but its size and kind; a mail only parts of five types; words no character that
acts or hides."""
import concurrent.futures
import email
import email.policy
import json
import os
import subprocess
import sys
import tempfile
import unicodedata

PDF_NAMES = {
    "/Catalog": {"/Pages"}, "/Pages": {"/Count", "/Kids"},
    "/Page": {"/Contents", "/MediaBox", "/Parent", "/Resources", "/XObject", "/I"},
    "/XObject": {"/BitsPerComponent", "/ColorSpace", "/Columns", "/Colors", "/DecodeParms", "/Filter", "/Height", "/Length",
                 "/Predictor", "/Subtype", "/Width"},
    "": {"/Length"},
}
PDF_TRAILER = {"/Root", "/Size", "/ID", "/DecodeParms", "/Filter", "/Index", "/Length", "/Type", "/W", "/Columns", "/Predictor"}
PDF_PLAIN = {"/Image", "/Indexed", "/DeviceGray", "/DeviceRGB", "/FlateDecode", "/DCTDecode", "/Catalog", "/Pages", "/Page", "/XObject"}
PICTURE = {"ImageWidth", "ImageHeight", "BitDepth", "ColorType", "Compression", "Filter", "Interlace", "EncodingProcess",
           "BitsPerSample", "ColorComponents", "YCbCrSubSampling", "JFIFVersion", "ResolutionUnit", "XResolution", "YResolution",
           "ImageSize", "Megapixels", "ExifToolVersion", "FileName", "Directory", "FileSize", "FileModifyDate", "FileAccessDate",
           "FileInodeChangeDate", "FilePermissions", "FileType", "FileTypeExtension", "MIMEType", "SourceFile", "Palette",
           "PixelsPerUnitX", "PixelsPerUnitY", "PixelUnits"}
TYPES = {"text/plain": ".txt", "image/png": ".png", "image/jpeg": ".jpg", "application/pdf": ".pdf", "application/json": ".json"}


def names_of(value):
    """All names in an object of a PDF: those that are keys, and those that are values."""
    keys, plain = set(), set()
    if isinstance(value, dict):
        for k, v in value.items():
            keys.add(k)
            more, words = names_of(v)
            keys |= more
            plain |= words
    elif isinstance(value, list):
        for v in value:
            more, words = names_of(v)
            keys |= more
            plain |= words
    elif isinstance(value, str) and value.startswith("/"):
        plain.add(value)
    return keys, plain


def pdf_fault(path):
    """Returns (what is wrong, number of pages)."""
    check = subprocess.run(["qpdf", "--check", path], capture_output=True, text=True)
    if check.returncode != 0 or "WARN" in check.stderr:
        return "qpdf says: %s" % (check.stderr or check.stdout).strip().splitlines()[-1], 0
    told = json.loads(subprocess.run(["qpdf", "--json", path], capture_output=True, check=True).stdout)
    if told["attachments"] or told["outlines"] or told["acroform"]["hasacroform"] or told["encrypt"]["encrypted"]:
        return "it has files, marks, a form or a lock", 0
    for number, thing in told["qpdf"][1].items():
        value = thing["stream"]["dict"] if "stream" in thing else thing["value"]
        keys, plain = names_of(value)
        kind = value.get("/Type", "") if isinstance(value, dict) else "/None"
        allowed = PDF_TRAILER if number == "trailer" or kind == "/XRef" else PDF_NAMES.get(kind)
        if allowed is None or keys - allowed - {"/Type"} or (kind != "/XRef" and plain - PDF_PLAIN):
            return "%s holds %s" % (number, " ".join(sorted(keys | plain))), 0
    info = dict(line.split(":", 1) for line in subprocess.run(
        ["pdfinfo", path], capture_output=True, text=True, check=True).stdout.splitlines() if ":" in line)
    for name in ("Title", "Author", "Subject", "Keywords", "Creator", "Producer", "CreationDate", "ModDate"):
        if name in info:
            return "pdfinfo knows its %s" % name, 0
    return "", int(info["Pages"])


SHOWN = set("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u08e2\U000110bd\U000110cd")  # signs, though of class Cf


def words_fault(words):
    for before, c, after in zip(" " + words, words, words[1:] + " "):
        kind = unicodedata.category(c)
        if c in SHOWN or c in "\u200c\u200d" and min(before, after) > "\u05ff":
            continue            # scripts and pictures that are spelled with joiners
        if (kind in ("Cc", "Cf", "Cs") and c not in "\n\t") or "\U000e0000" <= c <= "\U000e0fff":
            return "it holds U+%04X" % ord(c)
    return "" if unicodedata.is_normalized("NFC", words) else "it is not NFC"


class Reader:
    def __init__(self, folder, spare):
        self.spare = spare
        self.pdfs, self.pictures, self.texts = [], [], []       # (path, name, pages or None)
        self.faults, self.counts = [], {}
        for name in sorted(os.listdir(folder)):
            end = os.path.splitext(name)[1]
            path = os.path.join(folder, name)
            self.counts[end] = self.counts.get(end, 0) + 1
            if end == ".json":
                continue
            stem = os.path.splitext(path)[0] + ".json"
            with open(stem, encoding="utf-8") as f:
                report = json.load(f)
            if end == ".eml":
                self.read_mail(path, name, report)
            else:
                self.take(path, name, end, sum(p["pages"] for p in report["parts"]))

    def take(self, path, name, end, pages):
        if end == ".pdf":
            self.pdfs.append((path, name, pages))
        elif end in (".png", ".jpg"):
            self.pictures.append((path, name))
        elif end == ".txt":
            with open(path, "rb") as f:
                self.texts.append((name, f.read()))
        else:
            self.faults.append("%s: no such file should be there" % name)

    def read_mail(self, path, name, report):
        with open(path, "rb") as f:
            m = email.message_from_binary_file(f, policy=email.policy.default)
        pages = {p["file"]["name"]: p["pages"] for p in report["parts"] if "file" in p}
        for i, part in enumerate(m.walk()):
            kind = part.get_content_type()
            if kind == "multipart/mixed":
                continue
            if kind not in TYPES:
                self.faults.append("%s holds a part of type %s" % (name, kind))
                continue
            body = part.get_payload(decode=True)
            if TYPES[kind] in (".txt", ".json"):
                if kind == "text/plain":
                    self.texts.append(("%s, part %d" % (name, i), body))
                continue
            out = os.path.join(self.spare, "%s-%d%s" % (name, i, TYPES[kind]))
            with open(out, "wb") as f:
                f.write(body)
            self.take(out, "%s, part %d" % (name, i), TYPES[kind], pages.get(part.get_filename()))


def main():
    folder, collected = sys.argv[1:3]
    n = 0

    def ok(faults, name):
        nonlocal n
        n += 1
        print("%s %d - %s" % ("not ok" if faults else "ok", n, name))
        for f in faults[:20]:
            print("#   %s" % f)

    with tempfile.TemporaryDirectory() as spare:
        reader = Reader(folder, spare)
        ok(reader.faults, "%d files are mails of five types of parts, PDFs, pictures, words and reports: %s" % (
            sum(reader.counts.values()), " ".join("%d %s" % (c, e) for e, c in sorted(reader.counts.items()))))
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            found = list(pool.map(lambda p: pdf_fault(p[0]), reader.pdfs))
        ok(["%s: %s" % (p[1], f[0]) for p, f in zip(reader.pdfs, found) if f[0]],
           "qpdf and pdfinfo find pages and pictures in %d PDFs, and nothing else" % len(found))
        ok(["%s: %s pages, reported %s" % (p[1], f[1], p[2]) for p, f in zip(reader.pdfs, found)
            if not f[0] and p[2] is not None and p[2] != f[1]], "each has as many pages as its report says")
        listing = os.path.join(spare, "list")
        with open(listing, "w", encoding="utf-8") as f:
            f.write("".join(p[0] + "\n" for p in reader.pictures))
        told = json.loads(subprocess.run(["exiftool", "-j", "-@", listing], capture_output=True,
                                         check=True).stdout) if reader.pictures else []
        ok(["%s: %s" % (p[1], " ".join(sorted(set(t) - PICTURE))) for p, t in zip(reader.pictures, told) if set(t) - PICTURE],
           "exiftool finds size and kind in %d pictures, and nothing else" % len(told))
    faults, lines = [], {}
    with open(collected, "w", encoding="utf-8") as f:
        for name, body in reader.texts:
            try:
                words = body.decode("utf-8").replace("\r\n", "\n")
            except UnicodeDecodeError as e:
                faults.append("%s: %s" % (name, e))
                continue
            if words_fault(words):
                faults.append("%s: %s" % (name, words_fault(words)))
            lines.update(dict.fromkeys(words.split("\n")))
        f.write("\n".join(lines) + "\n")
    ok(faults, "%d texts are clean UTF-8 without anything that acts or hides" % len(reader.texts))
    print("1..%d" % n)
    return 0


sys.exit(main())
