#!/bin/bash
# limpid clean: what it writes, what it refuses in which words, what it survives.
set -u
cd "$(dirname "$0")/../.."
build=$(readlink -f "${BUILD:-build}")
clean=$build/bin/limpid-clean
top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT
n=0
ok() { # ok NAME COMMAND...: one test
	local name=$1 what=ok
	shift
	"$@" >"$top/said" 2>&1 || what='not ok'
	n=$((n + 1))
	echo "$what $n - $name"
	[ "$what" = ok ] || sed 's/^/# /' "$top/said"
}
is() { [ "$1" = "$2" ] || { echo "is \"$1\", not \"$2\""; return 1; }; }
field() { # field FILE EXPRESSION-OF-r
	python3 -c 'import json,sys; r=json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$@"
}

# A PDF of N pages with a word on each.
pdf() {
	python3 - "$1" <<'PY'
import sys
n = int(sys.argv[1])
objs = ["<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Count %d/Kids[%s]>>" % (n, " ".join("%d 0 R" % (4 + 2 * i) for i in range(n))),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
for i in range(n):
    s = "BT /F 20 Tf 20 50 Td (word%d) Tj ET" % i
    objs.append("<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]/Resources<</Font<</F 3 0 R>>>>/Contents %d 0 R>>" % (5 + 2 * i))
    objs.append("<</Length %d>>stream\n%s\nendstream" % (len(s), s))
out, at = "%PDF-1.4\n", []
for i, o in enumerate(objs):
    at.append(len(out))
    out += "%d 0 obj\n%s\nendobj\n" % (i + 1, o)
x = len(out)
out += "xref\n0 %d\n0000000000 65535 f \n" % (len(objs) + 1)
out += "".join("%010d 00000 n \n" % a for a in at)
out += "trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objs) + 1, x)
sys.stdout.write(out)
PY
}
in=$top/in out=$top/out
mkdir "$in" "$out"
pdf 2 > "$in/two.pdf"
pdf 1 > "$in/one.pdf"

"$clean" --out "$out" "$in/two.pdf" >"$top/line" 2>"$top/err"
ok "a document ends with exit 0" is $? 0
ok "and says so in one line" grep -q "two.pdf: images, 2 pages" "$top/line"
ok "and nothing else" is "$(cat "$top/err")" ""
ok "its pictures are one PDF" grep -q '^%PDF' "$out/two.pdf"
ok "its words are a text" grep -q word1 "$out/two.txt"
ok "its report names the outcome" is \
    "$(field "$out/two.json" 'r["outcome"], r["reason"], r["pages"]')" \
    "('images', 'complete', 2)"

# Bad arguments: a sentence each, and the others are still done.
: > "$in/empty.pdf"
rm -f "$out"/*
"$clean" --out "$out" "$in/none.pdf" "$in" "" "$in/empty.pdf" "$in/one.pdf" \
    >"$top/line" 2>"$top/err"
ok "a missing file is exit 66" is $? 66
ok "a missing file has its sentence" \
    grep -q "none.pdf: No such file or directory. Check the name." "$top/err"
ok "a folder has its sentence" \
    grep -q "this is a folder. Name the files in it." "$top/err"
ok "an empty name has its sentence" grep -q '"": an empty name' "$top/err"
ok "an empty file is said to be empty" \
    is "$(field "$out/empty.json" 'r["outcome"], r["reason"]')" \
    "('stub', 'empty')"
ok "the file after them is done" test -s "$out/one.pdf"
"$clean" --out "$out" "$in/empty.pdf" >/dev/null 2>&1
ok "a stub is exit 1" is $? 1
"$clean" >/dev/null 2>"$top/err"
ok "no file at all is exit 2" is $? 2
"$clean" --out "$top/no/where" "$in/one.pdf" >/dev/null 2>"$top/err"
ok "a folder for --out that cannot be made is exit 66" is $? 66
ok "with its sentence" grep -q "Name a folder that can be made" "$top/err"
"$clean" --out "$top/made" "$in/one.pdf" >/dev/null 2>&1
ok "a missing folder for --out is made" test -f "$top/made/one.pdf"
echo 'policy "t" version 1' > "$top/bad.conf"
"$clean" --policy "$top/bad.conf" --out "$out" "$in/one.pdf" >/dev/null \
    2>"$top/err"
ok "a bad policy is exit 78" is $? 78
ok "with file, line and column" grep -q "bad.conf:2:1: " "$top/err"
"$clean" --policy "$top/none.conf" --out "$out" "$in/one.pdf" >/dev/null 2>&1
ok "a missing policy is exit 66" is $? 66

# Names.
before=$(sha256sum < "$in/two.pdf")
(cd "$in" && "$clean" two.pdf) >/dev/null 2>&1
ok "an input is never overwritten" is "$(sha256sum < "$in/two.pdf")" "$before"
ok "its result stands beside it" test -s "$in/two.clean.pdf"
mkdir "$top/other"
pdf 1 > "$top/other/two.pdf"
rm -f "$out"/*
"$clean" --out "$out" "$in/two.pdf" "$top/other/two.pdf" >/dev/null 2>&1
ok "files of one name both have results" \
    test -s "$out/two.pdf" -a -s "$out/two.clean.pdf"
cp "$in/one.pdf" "$in/-o.pdf"
(cd "$in" && "$clean" --out "$out" -- -o.pdf) >/dev/null 2>&1
ok "-- ends the options" is $? 0
mkfifo "$in/pipe"
(cat "$in/one.pdf" > "$in/pipe" &)
"$clean" --out "$out" "$in/pipe" >/dev/null 2>&1
ok "a pipe is read to its end" is $? 0

# JSON.
"$clean" --json --out "$out" "$in/two.pdf" "$in/none" "$in/one.pdf" \
    >"$top/r.json" 2>/dev/null
ok "--json is one document, in the order of the files" \
    is "$(field "$top/r.json" '[m["pages"] for m in r]')" "[2, 1]"
"$clean" --json --out "$out" "$in/none" >"$top/r.json" 2>/dev/null
ok "on failure stdout stays empty" is "$(cat "$top/r.json")" ""

# Limits are named with their number, and what fits is delivered.
limit() {
	printf 'policy "t" version 1\nlimit { %s }\nprofile p { render images }\ndefault { convert p else stub unsupported }\n' \
	    "$1" > "$top/p.conf"
	"$clean" --policy "$top/p.conf" --out "$out" "$2" >/dev/null 2>&1
}
limit "pages 1" "$in/two.pdf"
ok "a cut document is exit 0" is $? 0
ok "limit pages shows the first ones" is \
    "$(field "$out/two.json" 'r["reason"], r["pages"]')" "('limit-pages', 1)"
head -c 2000 /dev/zero > "$in/zero.bin"
limit "bytes 1K" "$in/zero.bin"
ok "limit bytes is a stub" is "$(field "$out/zero.json" 'r["reason"]')" \
    limit-bytes

# A worker that has been taken over costs one stub and nothing else.
evil=$top/evil
mkdir "$evil"
ln -s "$build"/bin/* "$evil/"
ln -sf "$build/tools/worker-evil" "$evil/limpid-worker-text"
printf 'policy "t" version 1\nlimit { seconds 2 memory 200M }\nprofile p { render images }\ndefault { convert p else stub unsupported }\n' > "$top/p.conf"
files=()
for how in spin sleep allocate flood rubbish unknown-type abort segv execve \
    socket-inet open-passwd; do
	echo -n "$how" > "$in/$how.txt"
	files+=("$in/$how.txt")
done
"$clean" --libexec "$evil" --policy "$top/p.conf" \
    --json --out "$out" "${files[@]}" "$in/two.pdf" >"$top/r.json" \
    2>"$top/err"
ok "taken-over workers: exit 1" is $? 1
case $build in
*/san)	# workers run unfiltered there, and without a limit on memory
	ok "the others are done" is \
	    "$(field "$top/r.json" 'len(r), r[-1]["reason"]')" \
	    "(12, 'complete')"
	;;
*)
	ok "each is one stub with its reason, and the others are done" is \
	    "$(field "$top/r.json" '" ".join(m["reason"] for m in r)')" \
	    "timeout timeout memory bad-answer bad-answer bad-answer crash crash forbidden-call forbidden-call forbidden-call complete"
	ok "forbidden calls are told as security events" is \
	    "$(grep -c 'security file=' "$top/err")" 3
	;;
esac
rm "$evil/limpid-worker-pdf"
"$clean" --libexec "$evil" --out "$out" "$in/two.pdf" >/dev/null 2>&1
ok "without its worker a document is a stub that says so" is \
    "$(field "$out/two.json" 'r["reason"]')" engine
echo "1..$n"
