#!/usr/bin/env python3
"""expected.py TABLE GOOD HOSTILE OUT [--no-office]: holds what limpid clean did
against the table of samples (tests/samples/table.py says what its columns are).

GOOD and HOSTILE are what `limpid clean --json` printed for the files of each nature in
the table's order, OUT where it wrote. Beside what the table says, every part of every
report must have one of the named outcomes and reasons, and a stub a reason. With
--no-office LibreOffice is not here, and what it would have drawn is left out."""
import csv
import email
import email.policy
import json
import os
import re
import sys

OUTCOMES = {"images", "text", "card", "stub", "container"}
# What the set is held to: so many samples, a third of them hostile, and each of these
# formats at least once well-formed.
LEAST = 400
FORMATS = """mail pdf png jpg gif bmp tif pnm html txt csv zip 7z rar lzh arj cab tar tgz iso msg dat ics vcf
    doc docx docm dotx xls xlsx xlsm xltx ppt pptx pptm potx ppsx odt ott ods ots odp otp odg rtf emf wmf""".split()


def matches(value, wanted):
    return wanted == "*" or str(value) in wanted.split("|")


def part_fault(part, row):
    for column in ("kind", "outcome", "reason", "pages"):
        if not matches(part[column], row[column]):
            return "part %s has the %s %s (%s, %s%s)" % (
                part["path"], column, part[column], part["outcome"], part["reason"],
                ", " + part["note"] if part["note"] else "")
    for fact in row["facts"].split(" & "):
        name, _, value = fact.lstrip("!").partition("=")
        said = part["facts"].get(name)
        if fact.startswith("!") == (said is not None) and fact != "*":
            return "part %s states %s: %s" % (part["path"], name, said)
        if value and value not in (said if isinstance(said, list) else [str(said)]):
            return "part %s states %s: %s" % (part["path"], name, said)
    return ""


def named(part):
    """Each part ends by name, whatever the table knows of it."""
    if part["outcome"] not in OUTCOMES or not re.fullmatch("[a-z]+(-[a-z]+)*", part["reason"]):
        return "part %s has outcome %r, reason %r" % (part["path"], part["outcome"], part["reason"])
    if part["outcome"] == "stub" and part["reason"] == "complete":
        return "stub %s without a reason" % part["path"]
    return ""


def delivered(folder, name):
    """Words and all bytes that came out for a sample."""
    stem = os.path.join(folder, os.path.splitext(os.path.basename(name))[0])
    words, data = "", b""
    for end in (".eml", ".txt", ".pdf", ".png", ".jpg"):
        if not os.path.exists(stem + end):
            continue
        with open(stem + end, "rb") as f:
            body = f.read()
        data += body
        if end == ".txt":
            words += body.decode("utf-8")
        elif end == ".eml":
            m = email.message_from_bytes(body, policy=email.policy.default)
            words += "\n".join(p.get_content() for p in m.walk() if p.get_content_maintype() == "text")
    return words, data


def row_fault(report, row, output):
    parts = report["parts"]
    if not parts:
        return "no parts"
    for part in parts:
        if named(part):
            return named(part)
    chosen = [p for p in parts if row["part"] in ("*", p["path"])]
    if not chosen:
        return "no part %s, only %s" % (row["part"], " ".join(p["path"] for p in parts[:20]))
    for part in chosen:
        if part_fault(part, row):
            return part_fault(part, row)
    words, data = output
    for word in row["words"].replace("\\t", "\t").split(" & "):
        if word != "*" and not any(w in words for w in word.split("|")):
            return "no word %s in what was delivered" % word
    for word in row["lacks"].split(" & "):
        if word != "*" and (word in words or word.encode() in data):
            return "%s was delivered" % word
    return ""


def main():
    listing, *told, folder = sys.argv[1:5]
    no_office = "--no-office" in sys.argv
    with open(listing, encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE))
    files = list(dict.fromkeys(r["file"] for r in rows))
    nature = {r["file"]: r["nature"] for r in rows}
    n = 0

    def ok(fault, name, skip=""):
        nonlocal n
        n += 1
        print("%s %d - %s%s%s" % ("not ok" if fault else "ok", n, name, ": " + fault if fault else "", skip))

    report = {}
    for kind, path in zip(("good", "hostile"), told):
        with open(path, encoding="utf-8") as f:
            reports = json.load(f)
        names = [f for f in files if nature[f] == kind]
        ok("" if len(names) == len(reports) else "%d files, %d reports" % (len(names), len(reports)),
           "there is a report for each %s sample" % kind)
        report.update(zip(names, reports))
    output = {}
    for row in rows:
        name = row["file"]
        what = "%s part %s is %s, %s" % (name, row["part"], row["outcome"], row["reason"])
        if name not in report:
            continue
        if no_office and any(p["kind"] == "office" for p in report[name]["parts"]):
            ok("", what, " # SKIP no LibreOffice here")
            continue
        if name not in output:
            output = {name: delivered(folder, name)}
        ok(row_fault(report[name], row, output[name]), what)
    hostile = sum(nature[f] == "hostile" for f in files)
    ok("" if len(files) >= LEAST else str(len(files)), "there are %d samples or more" % LEAST)
    ok("" if hostile * 3 >= len(files) else str(hostile), "a third of %d is hostile" % len(files))
    for form in FORMATS:
        ok("" if any(r["format"] == form and r["nature"] == "good" for r in rows) else "none",
           "%s is among them, well-formed" % form)
    return 0


sys.exit(main())
