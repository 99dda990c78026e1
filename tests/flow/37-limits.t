#!/bin/bash
# Every limit of the policy: what is just under it passes whole; of what is just over
# it, what fits arrives, and the reader is told what was cut, by which number.
. tests/lib/tap.sh
build=$(readlink -f "${BUILD:-build}")
top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT
mkdir "$top/in" "$top/out"
/usr/bin/python3 - "$top/in" <<'PY' || exit 1
import base64, sys
sys.path.insert(0, "tests/samples")
import containers as c
import documents as d

def put(name, data):
    open(sys.argv[1] + "/" + name, "wb").write(data if isinstance(data, bytes) else data.encode())

def mail(parts, more=""):
    """Each part: (name, type, bytes); the first is the body."""
    out = ("From: a@tidewater.example\r\nTo: b@agency.example\r\nSubject: limits\r\n" + more +
           "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n")
    for name, kind, data in parts:
        out += "--b\r\nContent-Type: %s\r\nContent-Transfer-Encoding: base64\r\n" % kind
        if name:
            out += "Content-Disposition: attachment; filename=%s\r\n" % name
        out += "\r\n" + base64.encodebytes(data).decode().replace("\n", "\r\n")
    return out + "--b--\r\n"

def words(n):
    return ("a line of plain words that is in no way special\n" * (n // 48 + 1))[:n]

body = ("", "text/plain", b"the body of the mail\n")

def pages(n):
    return d.text_pdf([["page %d" % (i + 1)] for i in range(n)])

put("bytes-under.txt", words(4096))
put("bytes-over.txt", words(5000))
put("bytes-over.pdf", pages(3) + b"%" + b" " * 5000)
put("bytes-over.eml", mail([body, ("note.txt", "text/plain", b"before the cut\n"),
                            ("big.txt", "text/plain", words(20000).encode())]))
for name, n in ("under", 3), ("over", 5):
    put("parts-%s.eml" % name, mail([body] + [("%d.txt" % i, "text/plain", b"part %d\n" % i)
                                             for i in range(1, n)]))
inner = c.zip_file([(b"deep.txt", b"at the bottom\n")])
put("depth-under.zip", c.zip_file([(b"in.zip", inner)]))
put("depth-over.zip", c.zip_file([(b"mid.zip", c.zip_file([(b"in.zip", inner)])), (b"flat.txt", b"at the top\n")]))
for name, n in ("under", 2), ("over", 3):
    put("expand-%s.zip" % name, c.zip_file([(b"%d.txt" % i, words(30000).encode()) for i in range(n)]))
put("pages-under.eml", mail([body, ("doc.pdf", "application/pdf", pages(3))]))
put("pages-over.eml", mail([body, ("doc.pdf", "application/pdf", pages(5))]))
put("two.pdf", pages(2))
put("three.pdf", pages(3))
put("text-under.txt", words(1024))
put("text-over.txt", words(1500))
put("headers-under.eml", mail([body], "X-Long: %s\r\n" % ("x" * 500)))
put("headers-over.eml", mail([body], "".join("X-Line-%d: %s\r\n" % (i, "x" * 70) for i in range(40))))
slow = " ".join("%d %d m %d %d l S" % (i % 600, i * 7 % 800, i * 13 % 600, i * 29 % 800) for i in range(60))
rows = d.photo_rows(400, 300)
put("picture.png", d.png(400, 300, rows))
put("spin.txt", "spin")
put("eat.txt", "allocate")
put("late.eml", mail([body, ("spin.htm", "text/html", b"spin")]))
# A hundred pages that share one slow content.
objs = [b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count 100/Kids[%s]>>" % b" ".join(b"%d 0 R" % (4 + i) for i in range(100)),
        b"<</Length %d>>stream\n%s\nendstream" % (len(slow), slow.encode())]
objs += [b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 3 0 R>>"] * 100
out, places = b"%PDF-1.4\n", []
for i, o in enumerate(objs):
    places.append(len(out))
    out += b"%d 0 obj\n%s\nendobj\n" % (i + 1, o)
x = len(out)
out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objs) + 1)
out += b"".join(b"%010d 00000 n \n" % p for p in places)
put("slow.pdf", out + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objs) + 1, x))
PY

# limpid LIMITS FILE [PROGRAMS]: flattens in/FILE under these limits
limpid() {
	printf 'policy "t" version 1\nlimit { %s }\nprofile p { render images text on }\n%s' \
	    "$1" 'default { convert p else stub unsupported }' >"$top/p.conf"
	rm -rf "$top/out"
	"$build/bin/limpid-clean" --policy "$top/p.conf" --out "$top/out" \
	    ${3:+--libexec "$3"} "$top/in/$2" >"$top/line" 2>"$top/err"
	name=$top/out/${2%.*}
}
# parts: a line a part: path outcome reason note pages/total
parts() {
	/usr/bin/python3 - "$name.json" <<'PY'
import json, sys
for p in json.load(open(sys.argv[1]))["parts"]:
    print(*[w for w in (p["path"], p["outcome"], p["reason"], p["note"],
        "%d/%d" % (p["pages"], p["pages_total"]) if p["pages_total"] else "") if w])
PY
}
said() {	# PHRASE: the reader of the mail, or of the text beside a document, is told
	/usr/bin/python3 - "$name" "$1" <<'PY'
import email, email.policy, os, sys
if os.path.exists(sys.argv[1] + ".eml"):
    m = email.message_from_binary_file(open(sys.argv[1] + ".eml", "rb"), policy=email.policy.default)
    text = next(m.iter_parts()).get_content()
else:
    text = open(sys.argv[1] + ".txt").read()
sys.exit(0 if sys.argv[2] in " ".join(text.split()) else print("#   said:", text) or 1)
PY
}

limpid "bytes 4K" bytes-under.txt
is "$(parts)" '0 text complete' 'bytes: a text of just the limit passes whole'
limpid "bytes 4K" bytes-over.txt
is "$(parts)" '0 text limit-bytes bytes 4096' 'a longer one is cut, with the number'
is "$(tr -d '\n' <"$name.txt" | wc -c)" "$(head -c 4096 "$top/in/bytes-over.txt" | tr -d '\n' | wc -c)" \
    'and its first bytes arrive'
grep -q '(at most 4 KB in one part)' "$top/line"
ok $? 'limpid clean says the number'
limpid "bytes 4K" bytes-over.pdf
is "$(parts)" '0 stub limit-bytes bytes 4096' 'half a file that is no text would be none'
limpid "bytes 4K" bytes-over.eml
is "$(parts | head -3)" '0 container limit-bytes bytes 4096
1 text complete
2 text complete' 'of a mail, the parts before the cut arrive'
said '(at most 4 KB in one part)'
ok $? 'and its reader is told'

limpid "parts 4" parts-under.eml
is "$(parts | grep -c complete)" 4 'parts: just as many pass'
limpid "parts 4" parts-over.eml
is "$(parts)" '0 container limit-parts parts 4
1 text complete
2 text complete
3 text complete' 'of more, the first'
said '(at most 4 parts in one mail)'
ok $? 'and the reader is told'

limpid "depth 2" depth-under.zip
is "$(parts | grep -c complete)" 3 'depth: just as deep passes'
limpid "depth 2" depth-over.zip
is "$(parts | tail -2)" '1.1.1 stub limit-depth depth 2
2 text complete' 'what lies deeper is a stub, and the rest arrives'
said '(at most 2 levels of mails and archives in each other)'
ok $? 'and the reader is told'

limpid "expand 1" expand-under.zip
is "$(parts | grep -c complete)" 3 'expand: an archive within it passes'
limpid "expand 1" expand-over.zip
is "$(parts)" '0 container limit-bytes expand 1
1 text complete
2 text complete
3 stub limit-bytes expand 1' 'of one beyond it, the members that fit'
said '(at most 1 times its own size unpacked)'
ok $? 'and the reader is told'

limpid "pages 3" pages-under.eml
is "$(parts | tail -1)" '2 images complete 3/3' 'pages: just as many pass'
limpid "pages 3" pages-over.eml
is "$(parts | tail -1)" '2 images limit-pages pages 3 3/5' 'of more, the first'
said 'doc.pdf, pages 1-3 of 5.'
ok $? 'the reader is told which'
said '(at most 3 pages of one part)'
ok $? 'and why'

limpid "page-pixels 3M" two.pdf
is "$(parts)" '0 images complete 2/2' 'page-pixels: a page within it is as it was'
limpid "page-pixels 100000" two.pdf
is "$(parts)" '0 images complete pages drawn smaller to fit: 2 2/2' \
    'a larger one is drawn smaller, and said'
limpid "page-pixels 120000" picture.png
is "$(parts)" '0 images complete 1/1' 'so is a picture of just the limit'
limpid "page-pixels 119999" picture.png
is "$(parts)" '0 images complete scaled down to fit 1/1' 'and one of one row more'
grep -q '(scaled down to fit)' "$top/line"
ok $? 'and said'

limpid "mail-pixels 5M" two.pdf
is "$(parts)" '0 images complete 2/2' 'mail-pixels: pages within it pass'
limpid "mail-pixels 5M" three.pdf
is "$(parts)" '0 images limit-pixels mail-pixels 5000000 2/3' 'of more, the first'
grep -q '2 of 3 pages.*(at most 5000000 pixels of one mail)' "$top/line"
ok $? 'and the number is said'

limpid "text 1K" text-under.txt
is "$(parts)" '0 text complete' 'text: just as much passes'
limpid "text 1K" text-over.txt
is "$(parts)" '0 text limit-text text 1024' 'of more, the beginning'
[ "$(wc -c <"$name.txt")" -gt 900 ] && [ "$(wc -c <"$name.txt")" -le 1025 ]
ok $? 'as long as the limit'

limpid "headers 1K" headers-under.eml
is "$(parts)" '0 container complete
1 text complete' 'headers: a short block passes'
limpid "headers 1K" headers-over.eml
is "$(parts)" '0 container limit-headers headers 1024
1 text complete' 'of a long one, the first lines, and the mail'
said '(at most 1 KB of header lines)'
ok $? 'and the reader is told'

limpid "seconds 60" two.pdf
is "$(parts)" '0 images complete 2/2' 'seconds: what is drawn in time passes'
limpid "seconds 1" slow.pdf
parts | grep -Eq '^0 images timeout seconds 1 [0-9]{1,2}/100$'
ok $? 'of what is not, the pages that were'
grep -q '(at most 1 seconds for one part)' "$top/line"
ok $? 'and the number is said'

evil=$top/evil
mkdir "$evil"
ln -s "$build"/bin/* "$evil/"
ln -sf "$build/tools/worker-evil" "$evil/limpid-worker-text"
ln -sf "$build/tools/worker-evil" "$evil/limpid-worker-html"
limpid "memory 64M" two.pdf
is "$(parts)" '0 images complete 2/2' 'memory: what is content with it passes'
if [[ $build = */san ]]; then
	note 'memory: a sanitizer reserves terabytes, so this build has no limit'
else
	limpid "memory 64M" eat.txt "$evil"
	is "$(parts)" '0 stub memory memory 67108864' 'what wants more is a stub'
	grep -q '(at most 64 MB of memory)' "$top/line"
	ok $? 'and the number is said'
fi

ln -sf "$build/bin/limpid-worker-text" "$evil/limpid-worker-text"
limpid "mail-seconds 60" late.eml
is "$(parts | grep -c complete)" 3 'mail-seconds: a mail in time is whole'
limpid "mail-seconds 1" late.eml "$evil"
is "$(parts)" '0 container complete
1 text complete
2 stub timeout mail-seconds 1' 'of one that takes longer, what was ready'
said '(at most 1 seconds for one mail)'
ok $? 'and the reader is told'

# Nothing was forgotten: each limit of the table was tried, those of passwords in
# 36-locked.t.
"$build/bin/limpid" policy show policy/default.conf | sed -n 's/^limit \([a-z-]*\) .*/\1/p' >"$top/limits"
is "$(grep -v password "$top/limits" | while read -r limit; do
	[ "$(grep -c "^	*limpid \"$limit [0-9]" tests/flow/37-limits.t)" -ge 2 ] || echo "$limit"
done)$(grep -vc password "$top/limits")" 12 'each limit of the policy has its test'
done_testing
