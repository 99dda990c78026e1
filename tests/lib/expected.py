#!/usr/bin/env python3
"""expected.py TABLE REPORTS: holds each report of limpid clean against the table.

Beside what the table says, every part of every report must have one of the named
outcomes and reasons, and a stub must have a reason."""
import json
import os
import sys

OUTCOMES = {"images", "text", "card", "stub", "container"}


def load(folder, name):
    base = os.path.basename(name)
    for candidate in (base + ".json", os.path.splitext(base)[0] + ".json"):
        path = os.path.join(folder, candidate)
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                return json.load(f)
    return None


def main():
    table, folder = sys.argv[1:3]
    reports, seen = {}, set()
    n = 0
    with open(table, encoding="utf-8") as f:
        rows = [line.rstrip("\n").split("\t") for line in f]
    for name, path, outcome, reason in rows:
        if name not in reports:
            reports[name] = load(folder, name)
        report, why = reports[name], ""
        if report is None:
            why = "no report"
        else:
            parts = report["parts"]
            if not parts:
                why = "no parts"
            for p in parts:
                if p["outcome"] not in OUTCOMES or not p["reason"]:
                    why = "part %s has outcome %r, reason %r" % (p["path"], p["outcome"], p["reason"])
                elif p["outcome"] == "stub" and p["reason"] == "complete":
                    why = "stub %s without a reason" % p["path"]
            chosen = parts if path == "*" else [p for p in parts if p["path"] == path]
            if not chosen:
                why = why or "no part %s, only %s" % (path, " ".join(p["path"] for p in parts[:20]))
            for p in chosen:
                if outcome != "*" and p["outcome"] not in outcome.split("|"):
                    why = "part %s ended as %s (%s)" % (p["path"], p["outcome"], p["reason"])
                if reason != "*" and p["reason"] not in reason.split("|"):
                    why = "part %s has the reason %s" % (p["path"], p["reason"])
        n += 1
        print("%s - %s part %s is %s %s%s" % ("not ok" if why else "ok", name, path, outcome, reason,
                                             ": " + why if why else ""))
        seen.add(name)
    return 0


sys.exit(main())
