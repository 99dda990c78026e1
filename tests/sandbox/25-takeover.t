#!/bin/bash
# Real workers that fall to a part (tests/tools/takeover.c): they run given machine code
# and given calls, in their own jail, behind the whole engine. None leaves its jail, none
# reaches another mail or the warm parent; the part is a stub, the rest arrives.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
build=$(readlink -f "${BUILD:-build}")
case $build in
*/trap* | */san*) skip_all "workers are not filtered in this build" ;;
esac
[ -d "$build/tools/taken" ] || skip_all "make tools builds $build/tools/taken"
top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT
mkdir "$top/in" "$top/bin"
ln -s "$build"/bin/* "$top/bin/"
ln -sf "$build"/tools/taken/* "$top/bin/"

cat >"$top/attacks.py" <<'PY'
"""What is tried, and how such a part may end: its reason, or a note that says no more
than that calls failed."""
FORBIDDEN, SOFT = "forbidden-call", "format"
ATTACKS = [
    ("exec", ['call 59 "/bin/sh" 0 0'], FORBIDDEN),
    ("memfd", ['call 319 "x" 0', 'call 322 3 "" 0 0 0x1000'], FORBIDDEN),
    ("socket", ["call 41 2 1 0"], FORBIDDEN),
    ("socketpair", ["call 53 1 1 0 @"], FORBIDDEN),
    ("passwd", ['call 257 -100 "/etc/passwd" 0'], FORBIDDEN),
    ("proc-1", ['call 257 -100 "/proc/1/mem" 2'], FORBIDDEN),
    ("proc-2", ['call 257 -100 "/proc/2/mem" 2'], FORBIDDEN),
    ("proc-fd", ['call 257 -100 "/proc/1/fd/3" 1'], FORBIDDEN),
    ("trace", ["call 101 16 2 0 0"], FORBIDDEN),
    ("trace-parent", ["call 101 16 1 0 0"], FORBIDDEN),
    ("peek", ["call 310 2 @ 1 @ 1 0"], FORBIDDEN),
    ("poke", ["call 311 2 @ 1 @ 1 0"], FORBIDDEN),
    ("kill-all", ["call 62 -1 9"], FORBIDDEN),
    ("kill-2", ["call 62 2 9"], FORBIDDEN),
    ("pidfd", ["call 434 2 0"], FORBIDDEN),
    ("fork", ["call 57"], FORBIDDEN),
    ("clone", ["call 56 17 0 0 0 0"], FORBIDDEN),
    ("unshare", ["call 272 0x10000000"], FORBIDDEN),
    ("mount", ['call 165 "none" "/" "tmpfs" 0 0'], FORBIDDEN),
    ("send-fd", ["call 46 3 @ 0"], FORBIDDEN),
    ("take-fd", ["call 438 2 3 0"], FORBIDDEN),
    ("signal", ["call 234 1 1 9", "call 234 2 2 9"], SOFT),
    ("write-all", ["fds 1"], SOFT),
    ("read-all", ["fds 0"], SOFT),
    ("look-all", ["fds 17"], SOFT),
    ("code-socket", ["code b829000000bf02000000be0100000031d20f05c3"], FORBIDDEN),
    ("code-fork", ["code b8390000000f05c3"], FORBIDDEN),
    # write(3, ..., 1): the control socket of the warm parent has this number
    ("code-control", ["code b801000000bf03000000488d3500000000ba010000000f05c3"], SOFT),
    ("eat", ["eat"], "memory"),
    ("fill", ["fill"], "bad-answer"),
    ("forge", ["forge"], "bad-answer"),
    ("twice", ["twice"], "bad-answer"),
    ("spin", ["spin"], "timeout"),
]
MAGIC = "LIMPID-TAKEOVER\n"


def script(lines):
    return (MAGIC + "\n".join(lines) + "\nend\n").encode()
PY
/usr/bin/python3 - "$top" <<'PY' || exit 1
import base64, sys
sys.path[:0] = ["tests/samples", sys.argv[1]]
import containers as c
import documents as d
import office
from attacks import ATTACKS, script

def mail(name, parts):
    out = ("From: a@tidewater.example\r\nTo: b@agency.example\r\nSubject: %s\r\nMIME-Version: 1.0\r\n"
           "Content-Type: multipart/mixed; boundary=b\r\n\r\n" % name)
    for file, kind, data in parts:
        out += ("--b\r\nContent-Type: %s\r\nContent-Disposition: attachment; filename=%s\r\n"
                "Content-Transfer-Encoding: base64\r\n\r\n%s" %
                (kind, file, base64.encodebytes(data).decode().replace("\n", "\r\n")))
    open(sys.argv[1] + "/in/%s.eml" % name, "w").write(out + "--b--\r\n")

whole = [("good.txt", "text/plain", b"A SECRETWORD of another part.\n"),
         ("good.pdf", "application/pdf", d.text_pdf([["A SECRETWORD of another part."]]))]
rows = [b"\0" * 30] * 10
kinds = {
    "text": ("txt", "text/plain", lambda s: b"Words.\n" + s),
    "html": ("html", "text/html", lambda s: b"<html><body><p>Words</p><!--\n" + s + b"--></body></html>"),
    "pdf": ("pdf", "application/pdf", lambda s: d.text_pdf([["page"]]) + b"\n% " + s),
    "image": ("png", "image/png", lambda s: d.png(10, 10, rows, chunks=[(b"tEXt", b"Comment\0" + s)])),
    "archive": ("zip", "application/zip", lambda s: c.zip_file([(b"a.txt", s)], method=0)),
    "card": ("ics", "text/calendar", lambda s: b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n" + s),
    "office": ("rtf", "application/rtf", lambda s: office.rtf(["Words."]).rstrip() + b"\n" + s),
}
for kind, (ending, declared, wrap) in kinds.items():
    # LibreOffice has pipes of its own, and nobody writes into them
    tries = [a for a in ATTACKS if (a[0] != "spin" or kind in ("pdf", "text")) and
             (a[0] != "read-all" or kind != "office")]
    mail(kind, whole[:1] + [("%s.%s" % (name, ending), declared, wrap(script(lines)))
                            for name, lines, _ in tries] + whole[1:])
for name, lines, _ in ATTACKS:
    mail("mime-" + name, [("x.txt", "text/plain", b"x\n")])
    with open(sys.argv[1] + "/in/mime-%s.eml" % name, "ab") as f:
        f.write(script(lines))
mail("whole", whole)
PY

cat >"$top/p.conf" <<'CONF'
policy "t" version 1
limit { seconds 5 memory 128M mail-seconds 300 }
profile p { render images text on }
default { convert p else stub unsupported }
CONF
"$build/bin/limpid-clean" --policy "$top/p.conf" --libexec "$top/bin" --workers 4 --json \
    --out "$top/out" "$top"/in/*.eml >"$top/r.json" 2>"$top/err"
is $? 1 'mails with parts that take their workers over are done, with findings'

/usr/bin/python3 - "$top" >"$top/judged" <<'PY'
import json, re, sys
sys.path.insert(0, sys.argv[1])
from attacks import ATTACKS, FORBIDDEN, SOFT
want = {name: reason for name, _, reason in ATTACKS}
seen = 0

def judge(kind, name, part):
    """How it must end. worker-office is let more, refused softly: then its note shows
    that it got nothing."""
    if kind == "pdf" and part["outcome"] == "images" and want[name] != FORBIDDEN:
        return None         # the second engine drew it
    if part["outcome"] != "stub":
        return "%s %s: arrived as %s" % (kind, name, part["outcome"])
    if part["reason"] != SOFT:
        if part["reason"] != want[name] and not (kind == "office" and part["reason"] == FORBIDDEN):
            return "%s %s: %s" % (kind, name, part["reason"])
        return None
    if want[name] != SOFT and kind != "office":
        return "%s %s: %s" % (kind, name, part["note"])
    for call in part["note"].split("; "):
        fd = re.match(r"fd (\d+) of \d+: (-?\d+)$", call)
        if fd and (int(fd[1]) <= 2 or kind == "office"):
            continue        # 0 to 2 are /dev/null; LibreOffice has pipes of its own
        if not re.search(r" -\d+$", call):
            return "%s %s: %s" % (kind, name, call)
    return None

wrong, good = [], 0
for m in json.load(open(sys.argv[1] + "/r.json")):
    parts = m["parts"]
    subject = parts[0]["facts"].get("hdr-subject", [""])
    name = parts[0]["name"].removesuffix(".eml")
    if name.startswith("mime-"):
        seen += 1
        wrong.append(judge("mime", name[5:], parts[0]))
        continue
    for part in parts[1:]:
        if part["name"].startswith("good."):
            good += part["outcome"] in ("text", "images") and part["reason"] == "complete"
        elif part["name"].rsplit(".", 1)[0] in want:
            seen += 1
            wrong.append(judge(name, part["name"].rsplit(".", 1)[0], part))
wrong = [w for w in wrong if w]
print("\n".join(wrong) or "none")
print("good", good)
print("seen", seen)
print("forbidden", sum(p["reason"] == FORBIDDEN for m in json.load(open(sys.argv[1] + "/r.json")) for p in m["parts"]))
PY
n=$(grep -c '^    ("' "$top/attacks.py")
is "$(sed '/^good /,$d' "$top/judged")" none 'each attack is a stub with its reason, and none got anything'
is "$(sed -n 's/^seen //p' "$top/judged")" $((n * 8 - 6)) 'each was tried in each of eight workers'
is "$(sed -n 's/^good //p' "$top/judged")" 16 'the other parts of these mails arrive whole, and another mail too'
is "$(grep -o 'security file=[^ ]* part=[^ ]*' "$top/err" | sort -u | wc -l)" "$(sed -n 's/^forbidden //p' "$top/judged")" \
    'each forbidden call is told as a security event'
is "$(grep -c 'warm parent\|cannot be started\|does not end' "$top/err")" 0 'no warm parent was harmed'
grep -l SECRETWORD "$top"/out/mime-* >"$top/leak"
is "$(cat "$top/leak")" '' 'nothing of another mail is in theirs'
done_testing
