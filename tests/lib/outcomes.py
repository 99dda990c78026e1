#!/usr/bin/env python3
"""outcomes.py [--table] OUT: counts what became of the files of tests/corpus.

Reads OUT/names.N and OUT/N.json. Ends with 1 when a file has no report, a part no named
outcome, or a worker tried what its jail forbids. --table adds medians and the files that
were not flattened, by reason."""
import collections
import glob
import json
import os
import re
import statistics
import sys

OUTCOMES = {"images", "text", "card", "stub", "container"}
# Stubs that are the answer and no failure.
MEANT = {"never", "encrypted", "empty", "policy", "malware"}


def reports(out):
    for names in sorted(glob.glob(os.path.join(out, "names.*"))):
        with open(names, encoding="utf-8") as f:
            files = f.read().splitlines()
        try:
            with open(os.path.join(out, names.rsplit(".", 1)[1] + ".json"), encoding="utf-8") as f:
                told = json.load(f)
        except (OSError, ValueError):
            told = []
        yield from zip(files, told + [None] * (len(files) - len(told)))


def main():
    long = sys.argv[1] == "--table"
    out = sys.argv[-1]
    table, bad, left = collections.defaultdict(list), [], collections.defaultdict(list)
    files = 0
    for name, report in reports(out):
        files += 1
        if report is None or not report["parts"]:
            bad.append("no report: %s" % name)
            continue
        for p in report["parts"]:
            table[p["kind"], p["outcome"], p["reason"]].append(p["millis"])
            if p["outcome"] not in OUTCOMES or not re.fullmatch("[a-z]+(-[a-z]+)*", p["reason"]):
                bad.append("untyped: %s part %s: %s %s" % (name, p["path"], p["outcome"], p["reason"]))
            if p["reason"] in ("forbidden-call", "bad-answer"):
                bad.append("%s: %s part %s" % (p["reason"], name, p["path"]))
        top = report["parts"][0]
        if top["outcome"] == "stub" and top["reason"] not in MEANT:
            left[top["kind"], top["facts"].get("format", ""), top["reason"]].append(name)
    print("%d files, %d parts" % (files, sum(map(len, table.values()))))
    for (kind, outcome, reason), millis in sorted(table.items()):
        print("%-10s %-10s %-16s %6d%s" % (kind, outcome, reason, len(millis),
                                           " %8d ms" % statistics.median(millis) if long else ""))
    if long:
        for (kind, form, reason), names in sorted(left.items()):
            print("not flattened: %s %s, %s: %d" % (kind, form, reason, len(names)))
            for name in names[:20]:
                print("    %s" % name)
    for line in bad:
        print(line)
    return 1 if bad else 0


sys.exit(main())
