#!/usr/bin/env python3
"""Damages files in many ways and holds limpid clean to what it promises of any file.

    mutate.py [--count N] [--seed N] [--seconds N] [--keep DIR] [--like WORD] FOLDER...

Each variant must end by name, in time, with exit code 0 or 1, without a forbidden call,
and what comes out must be inert (tests/lib/inert.py). Variants that do otherwise stay in
DIR, and the program ends with 1. --like takes only files with WORD in their path. The
same seed and files give the same variants. BUILD is the build folder."""
import argparse
import base64
import collections
import gzip
import io
import json
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import warnings
import zipfile
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
BATCH = 40
LARGEST = 2 << 20               # files beyond are left out: time goes into variants
GRACE = 20                      # seconds beyond the deadline of a part
EXTREMES = (0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff)


# Each takes a random source and a bytearray and returns the damaged bytes.

def flip_bits(r, d):
    for _ in range(r.choice((1, 3, 10, 40))):
        d[r.randrange(len(d))] ^= 1 << r.randrange(8)
    return d


def flip_head(r, d):
    for _ in range(r.choice((1, 2, 4))):
        d[r.randrange(min(len(d), 128))] = r.randrange(256)
    return d


def truncate(r, d):
    return d[:r.randrange(len(d) + 1)]


def block(r, d):
    at = r.randrange(len(d))
    return at, min(len(d), at + r.choice((1, 8, 64, 512, 4096)))


def drop_block(r, d):
    a, b = block(r, d)
    return d[:a] + d[b:]


def double_block(r, d):
    a, b = block(r, d)
    return d[:b] + d[a:b] * r.choice((1, 2, 50)) + d[b:]


def swap_blocks(r, d):
    (a, b), (c, e) = sorted((block(r, d), block(r, d)))
    return d if b > c else d[:a] + d[c:e] + d[b:c] + d[a:b] + d[e:]


def fill_block(r, d):
    a, b = block(r, d)
    d[a:b] = bytes([r.choice((0, 0xff, 0x20, 0x41))]) * (b - a)
    return d


def noise_block(r, d):
    a, b = block(r, d)
    d[a:b] = r.randbytes(b - a)
    return d


def lie_field(r, d):
    """A length, count or offset set to an extreme, of any width and order."""
    for _ in range(r.choice((1, 2, 5))):
        n = r.choice((1, 2, 4))
        at = r.randrange(len(d))
        d[at:at + n] = (r.choice(EXTREMES) & (256 ** n - 1)).to_bytes(n, r.choice(("little", "big")))
    return d


def lie_number(r, d):
    """A number written in digits."""
    found = list(re.finditer(rb"(?<![\w.])-?\d{1,9}(?![\w.])", bytes(d)))
    if not found:
        return lie_field(r, d)
    m = r.choice(found)
    return d[:m.start()] + r.choice((b"0", b"-1", b"65536", b"2147483647", b"99999999999999999999", b"1e99")) + d[m.end():]


def repeat_line(r, d):
    lines = bytes(d).split(b"\n")
    at = r.randrange(len(lines))
    times = min(r.choice((2, 100, 5000)), LARGEST // (len(lines[at]) + 1))
    return bytearray(b"\n".join(lines[:at] + lines[at:at + 1] * times + lines[at:]))


def swap_words(r, d):
    """Two words of the file change places: tags, names, operators."""
    found = list(re.finditer(rb"[A-Za-z_:]{3,20}", bytes(d[:200000])))
    if len(found) < 2:
        return flip_bits(r, d)
    a, b = sorted(r.sample(found, 2), key=lambda m: m.start())
    return d[:a.start()] + b.group() + d[a.end():b.start()] + a.group() + d[b.end():]


PLAIN = (flip_bits, flip_head, truncate, drop_block, double_block, swap_blocks, fill_block, noise_block, lie_field, lie_number,
         repeat_line, swap_words)


def plain(r, d):
    return r.choice(PLAIN)(r, bytearray(d)) if len(d) > 0 else bytearray(d)


def inside_zip(r, d):
    """A member damaged and packed again, its checksum right or not."""
    source = zipfile.ZipFile(io.BytesIO(bytes(d)))
    if sum(m.file_size for m in source.infolist()) > LARGEST:
        return lie_zip(r, d)
    out, names = io.BytesIO(), source.namelist()
    victim, lost = r.choice(names), r.choice(names) if r.random() < .1 else None
    with zipfile.ZipFile(out, "w") as z:
        for name in names:
            body = source.read(name)
            if name == victim:
                body = bytes(plain(r, body))
            if name != lost:
                z.writestr(name, body, zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED)
            if name == victim and r.random() < .1:
                z.writestr(name, body[::-1])
    return bytearray(out.getvalue())


def lie_zip(r, d):
    """Sizes, methods and offsets of one member's headers."""
    heads = [m.start() for m in re.finditer(rb"PK\1\2|PK\3\4|PK\5\6", bytes(d))]
    at = r.choice(heads) + r.choice((6, 8, 10, 14, 18, 22, 26, 28, 42))
    d[at:at + 4] = struct.pack("<I", r.choice(EXTREMES))
    return d


def inside_gzip(r, d):
    return bytearray(gzip.compress(bytes(plain(r, zlib.decompressobj(31).decompress(bytes(d), LARGEST))), mtime=0))


def inside_pdf(r, d):
    """What stands in a packed stream, damaged and packed again."""
    streams = [m for m in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", bytes(d), re.S) if m.group(1)[:1] == b"\x78"]
    m = r.choice(streams)
    return d[:m.start(1)] + zlib.compress(bytes(plain(r, zlib.decompressobj().decompress(m.group(1), LARGEST)))) + d[m.end(1):]


def inside_mail(r, d):
    """An attachment in base64."""
    found = [m for m in re.finditer(rb"\r?\n\r?\n((?:[A-Za-z0-9+/=]{40,80}\r?\n){3,})", bytes(d))]
    m = r.choice(found)
    body = damage(r, base64.b64decode(m.group(1)))
    return d[:m.start(1)] + base64.encodebytes(bytes(body)) + d[m.end(1):]


def damage(r, d):
    d = bytearray(d)
    if d[:2] == b"PK":
        ways = (inside_zip, inside_zip, lie_zip, plain)
    elif d[:2] == b"\x1f\x8b":
        ways = (inside_gzip, plain)
    elif b"%PDF" in d[:1024]:
        ways = (inside_pdf, plain, plain)
    else:
        ways = (plain, plain, inside_mail)
    for _ in range(r.choice((1, 1, 1, 2, 3))):
        try:
            d = bytearray(r.choice(ways)(r, d))
        except Exception:       # no such thing in it, or it was broken before
            d = plain(r, d)
    return d


class Run:
    def __init__(self, args):
        self.args = args
        self.counts = collections.Counter()
        self.slow = collections.Counter()
        self.bad = 0
        os.makedirs(args.keep, exist_ok=True)
        with open("policy/default.conf", encoding="utf-8") as f:
            text = f.read()
        self.policy = os.path.join(args.keep, "policy.conf")
        with open(self.policy, "w", encoding="utf-8") as f:
            f.write(re.sub(r"seconds 30\b", "seconds %d" % args.seconds, text))

    def fail(self, why, path=None):
        self.bad += 1
        kept = ""
        if path:
            kept = os.path.join(self.args.keep, "%s-%s" % (self.args.seed, os.path.basename(path)))
            shutil.copy(path, kept)
        print("not ok: %s %s" % (why, kept), flush=True)

    def look(self, path, report):
        for p in report["parts"]:
            said = (p["kind"], p["outcome"], p["reason"])
            self.counts[said] += 1
            if p["reason"] in ("crash", "timeout", "memory"):
                self.slow[p["reason"], p["kind"], str(p["facts"].get("format", "")), p["engine"]] += 1
                kept = os.path.join(self.args.keep, p["reason"])
                os.makedirs(kept, exist_ok=True)
                shutil.copy(path, os.path.join(kept, "%s-%s" % (self.args.seed, os.path.basename(path))))
            if p["outcome"] not in ("images", "text", "card", "stub", "container") or \
                    not re.fullmatch("[a-z]+(-[a-z]+)*", p["reason"]) or (p["outcome"], p["reason"]) == ("stub", "complete"):
                self.fail("untyped: part %s %s" % (p["path"], said), path)
            if p["reason"] in ("forbidden-call", "bad-answer"):
                self.fail("%s: part %s %s %s" % (p["reason"], p["path"], p["kind"], p["facts"]), path)
            if p["millis"] > (self.args.seconds + GRACE) * 1000:
                self.fail("part %s took %d ms" % (p["path"], p["millis"]), path)

    def batch(self, folder, paths):
        out = os.path.join(folder, "out")
        try:
            done = subprocess.run([os.path.join(BUILD, "bin", "limpid"), "clean", "--json", "--policy", self.policy, "--out", out, "--",
                                   *paths], capture_output=True, timeout=60 + len(paths) * (self.args.seconds * 3 + GRACE))
        except subprocess.TimeoutExpired:
            for p in paths:
                self.fail("a hang of the whole", p)
            return
        try:
            reports = json.loads(done.stdout)
        except ValueError:
            reports = []
        if done.returncode in (2, 66, 69, 77, 78):
            sys.exit(done.stderr.decode("utf-8", "replace"))        # of the caller's making
        if done.returncode not in (0, 1) or len(reports) != len(paths):
            print(done.stderr.decode("utf-8", "replace"))
            for p in paths:
                if p.encode() in done.stderr or len(reports) == 0:
                    self.fail("no result", p)
            self.fail("exit %d, %d reports of %d" % (done.returncode, len(reports), len(paths)))
            return
        for path, report in zip(paths, reports):
            self.look(path, report)
        said = subprocess.run([sys.executable, os.path.join(HERE, "..", "lib", "inert.py"), out, os.path.join(folder, "words")],
                              capture_output=True, text=True)
        if said.returncode != 0 or "not ok" in said.stdout:
            print(said.stdout, said.stderr)
            for p in paths:
                if os.path.splitext(os.path.basename(p))[0] + "." in said.stdout + said.stderr:
                    self.fail("not inert", p)
            self.fail("what came out is not inert")


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--count", type=int, default=1000)
    a.add_argument("--seed", type=int, default=int(time.time()))
    a.add_argument("--seconds", type=int, default=6)
    a.add_argument("--keep", default="build/mutants")
    a.add_argument("--like", default="")
    a.add_argument("folders", nargs="+")
    args = a.parse_args()
    warnings.simplefilter("ignore")
    files = sorted(os.path.join(top, f) for folder in args.folders for top, _, names in os.walk(folder) for f in names
                   if args.like in os.path.join(top, f) and 0 < os.path.getsize(os.path.join(top, f)) <= LARGEST)
    r, run = random.Random(args.seed), Run(args)
    r.shuffle(files)
    for first in range(0, args.count, BATCH):
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for i in range(first, min(first + BATCH, args.count)):
                source = files[i % len(files)]
                stem, end = os.path.splitext(os.path.basename(source))
                paths.append(os.path.join(folder, "%d-%s%s" % (i, stem[:40], end)))
                with open(source, "rb") as f, open(paths[-1], "wb") as g:
                    g.write(damage(r, f.read()))
            run.batch(folder, paths)
    for said, count in sorted(run.counts.items()):
        print("%-10s %-10s %-16s %6d" % (*said, count))
    for said, count in run.slow.most_common():
        print("%s: %d of %s %s by %s" % (said[0], count, *said[1:]))
    print("%d variants, seed %d, %d faults" % (args.count, args.seed, run.bad))
    return 1 if run.bad else 0


if __name__ == "__main__":
    sys.exit(main())
