#!/usr/bin/env python3
"""What the tests of link finders read.

    texts.py make DIR          two mails that hold every case of links_cases.h
    texts.py bodies DIR FILE.eml...
                               the text parts of harmless mails, as FILE.txt
"""
import ast
import email
import email.policy
import html
import os
import re
import sys

CASES = "tests/unit/common/links_cases.h"
LITERAL = r'"(?:[^"\\]|\\.)*"'
ENTRY = re.compile(r"\{\s*((?:%s\s*)+)(?:,|\})" % LITERAL)


def cases():
    with open(CASES, encoding="utf-8") as f:
        source = f.read()
    for entry in ENTRY.finditer(source):
        parts = re.findall(LITERAL, entry.group(1))
        yield "".join(ast.literal_eval(p) for p in parts)


def write(path, kind, body):
    with open(path, "w", encoding="utf-8", newline="\r\n") as f:
        f.write("From: a@example.net\nTo: b@agency.example\nSubject: links\n"
                "MIME-Version: 1.0\nContent-Type: text/%s; charset=utf-8\n"
                "Content-Transfer-Encoding: 8bit\n\n%s" % (kind, body))


def make(folder):
    lines = [re.sub(r"[\r\n\0]", " ", c) for c in cases()]
    write(os.path.join(folder, "cases-text.eml"), "plain",
          "\n\n".join(lines) + "\n")
    write(os.path.join(folder, "cases-html.eml"), "html", "".join(
        '<p>%s</p><p><a href="%s">label</a></p>\n' %
        (html.escape(c), html.escape(c)) for c in lines))


def bodies(folder, mails):
    for path in mails:
        with open(path, "rb") as f:
            m = email.message_from_binary_file(f, policy=email.policy.default)
        text = "\n".join(p.get_payload(decode=True).decode("utf-8")
                         for p in m.walk()
                         if p.get_content_maintype() == "text")
        name = os.path.basename(path)[:-len(".eml")] + ".txt"
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            f.write(text)


if sys.argv[1] == "make":
    make(sys.argv[2])
else:
    bodies(sys.argv[2], sys.argv[3:])
