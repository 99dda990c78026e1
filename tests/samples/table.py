"""The table of samples: every file, what it is, and what must become of each of its parts.

A row of expected.tsv, by tabs:

    file     the sample's name
    format   what it is made as (docx, rar, mail ...), whatever its name says
    nature   good or hostile (hostile: built or broken so as to do harm)
    part     path of the part in the report; 0 the file itself, * every part
    kind     kind in the report
    outcome  images text card stub container
    reason   complete, or what was cut, or why it is a stub
    pages    pages drawn
    words    what the delivered text holds
    lacks    what no delivered byte holds
    facts    name, name=value, or !name for one that must not be stated

Alternatives are separated by "|", several words or facts by " & ", a tab inside words is
\\t; "*" is anything.
"""
import contextlib
import os

COLUMNS = ("file", "format", "nature", "part", "kind", "outcome", "reason", "pages", "words", "lacks", "facts")
ROWS = []
FORMATS = {}
NATURES = {}
FOLDER = None
HOSTILE = False         # what is written is hostile without saying so each time


def open_folder(folder):
    global FOLDER
    FOLDER = folder
    os.makedirs(os.path.join(folder, "files"), exist_ok=True)


@contextlib.contextmanager
def hostile_samples():
    """with hostile_samples(): all that is written inside is hostile."""
    global HOSTILE
    HOSTILE = True
    try:
        yield
    finally:
        HOSTILE = False


def write(name, data, form=None, hostile=False):
    """Stores a sample; every one has a name that no other has, whatever its ending."""
    stem = os.path.splitext(os.path.basename(name))[0]
    if any(os.path.splitext(os.path.basename(n))[0] == stem for n in FORMATS):
        raise ValueError("two samples would become %s" % stem)
    FORMATS[name] = form or os.path.splitext(name)[1].lstrip(".").lower()
    NATURES[name] = "hostile" if hostile or HOSTILE else "good"
    with open(os.path.join(FOLDER, name), "wb") as f:
        f.write(data)


def joined(value):
    return (value if isinstance(value, str) else " & ".join(value) or "*").replace("\t", "\\t")


def expect(name, part, outcome, reason="complete", kind="*", pages="*", words=(), lacks=(), facts=()):
    ROWS.append((name, part, kind, outcome, reason, str(pages), joined(words), joined(lacks), joined(facts)))


def document(name, data, outcome, reason="complete", form=None, hostile=False, **more):
    """A file, and what becomes of it; more: kind, pages, words, lacks, facts."""
    write("files/" + name, data, form, hostile)
    expect("files/" + name, "0", outcome, reason, **more)


def raw_mail(name, data, parts=(), hostile=False):
    """A mail byte by byte; parts: (path, outcome[, reason[, {kind, pages, words, lacks, facts}]])."""
    write(name + ".eml", data, "mail", hostile)
    for p in parts or [("*", "*", "*")]:
        more = p[3] if len(p) > 3 else {}
        expect(name + ".eml", *p[:3], **more)


def mail(name, data, parts=(), hostile=False):
    """A mail whose lines end as mail's do."""
    raw_mail(name, data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), parts, hostile)


def save():
    with open(os.path.join(FOLDER, "expected.tsv"), "w", encoding="utf-8") as f:
        f.write("\t".join(COLUMNS) + "\n")
        for row in ROWS:
            f.write("\t".join((row[0], FORMATS[row[0]], NATURES[row[0]]) + row[1:]) + "\n")
