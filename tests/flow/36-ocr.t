#!/bin/bash
# Words of scans, recognised where the profile asks for it: how many of them are right, which
# pages are left alone, what people are told, and that the search inside finds them.
. tests/lib/tap.sh
. tests/lib/system.sh
case $BUILD in
*/san) skip_all 'Tesseract is not built with sanitizers' ;;
esac
work=$(mktemp -d)
trap 'system_remove; rm -rf "$work"' EXIT
mkdir "$work/in" "$work/out"
/usr/bin/python3 tests/samples/scans.py "$work/in" || skip_all 'no python3-pil or no font'
ls /usr/share/tesseract-ocr/5/tessdata/{chi_tra,jpn,eng}.traineddata >/dev/null 2>&1 ||
    skip_all 'no models of Tesseract'

clean() {	# clean OCR FILE...
	sed "s/text on /text on ocr $1 /" policy/default.conf >"$work/policy.conf"
	shift
	timeout 200 "$BIN/limpid-clean" --policy "$work/policy.conf" --clamav none \
	    --out "$work/out" "$@" >/dev/null 2>"$work/err"
}
fact() {	# fact FILE: what its report says of it
	/usr/bin/python3 -c 'import json, sys
p = json.load(open(sys.argv[1]))["parts"][0]
print(p["outcome"], p["reason"], "|", p["facts"].get("ocr", ""))' "$work/out/$1.json"
}
right() {	# right NAME: per cent of the characters that are as they should be
	/usr/bin/python3 - "$work/in/$1.txt" "$work/out/$1.txt" <<'PY'
import difflib, sys
want, got = ("".join(open(f, encoding="utf-8").read().split("may be wrong]")[-1].split()) for f in sys.argv[1:])
same = sum(m.size for m in difflib.SequenceMatcher(None, want, got, False).get_matching_blocks())
print(100 * same // len(want))
PY
}

clean off "$work/in/eng.png"
is "$(fact eng)" 'images complete | ' 'without being asked nothing is read'
[ ! -e "$work/out/eng.txt" ]
ok $? 'and there is no text'

clean on "$work"/in/*.png "$work/in/mixed.pdf"
for name in eng chi_tra jpn; do
	percent=$(right $name)
	[ "$percent" -ge 90 ]
	ok $? "$name: $percent of 100 characters are right with all languages"
	is "$(fact $name)" 'images complete | chi_tra+jpn+eng, 1 page of 1' \
	    "$name: the report names the languages"
	grep -q 'recognised by machine, may be wrong' "$work/out/$name.txt"
	ok $? "$name: the text itself says what it is"
	[ -e "$work/out/$name.png" ] || [ -e "$work/out/$name.pdf" ] || [ -e "$work/out/$name.jpg" ]
	ok $? "$name: the picture stands beside it"
done
is "$(fact photo)" 'images complete | chi_tra+jpn+eng, 0 pages of 1' \
    'of a photo no words are made up'
[ ! -e "$work/out/photo.txt" ]
ok $? 'and no text is written'
is "$(fact mixed)" 'images complete | chi_tra+jpn+eng, 1 page of 1' \
    'of two pages only the one without words is read'
grep -q 'words of the page itself' "$work/out/mixed.txt" &&
    grep -q 'harbour office' "$work/out/mixed.txt"
ok $? 'and both are in the text'
is "$(grep -c 'recognised by machine' "$work/out/mixed.txt")" 1 'told apart'

for name in eng chi_tra jpn; do
	clean $name "$work/in/$name.png"
	percent=$(right $name)
	[ "$percent" -ge 90 ]
	ok $? "$name: $percent of 100 characters are right with one language"
	is "$(fact $name)" "images complete | $name, 1 page of 1" "and that one is named"
done

# Limits, and a worker that does not start: the pictures arrive all the same.
mkdir "$work/bin"
ln -s "$BIN"/* "$work/bin/"
rm "$work/bin/limpid-worker-ocr"
sed "s/text on /text on ocr on /" policy/default.conf >"$work/policy.conf"
"$BIN/limpid-clean" --policy "$work/policy.conf" --clamav none --libexec "$work/bin" \
    --out "$work/out" "$work/in/eng.png" >/dev/null 2>&1
is "$(fact eng)" 'images complete | not done: the engine for it does not start' \
    'without the worker the picture arrives and says so'
sed -i 's/seconds 30/seconds 1/' "$work/policy.conf"
"$BIN/limpid-clean" --policy "$work/policy.conf" --clamav none \
    --out "$work/out" "$work/in/jpn.png" >/dev/null 2>&1
fact jpn | grep -qE '^images complete \| .*(time was over|not done: timeout|1 page of 1)'
ok $? 'within a second as well, with what there was time for' || fact jpn

# All the way inside.
[ "$(id -u)" = 0 ] || { done_testing; exit; }
system_init >/dev/null || exit 1
sed -i "s/text on /text on ocr on /" "$san/etc/limpid/policy.conf"
system_start
ok $? 'a whole system starts with it'
/usr/bin/python3 - "$work/in/chi_tra.png" >"$work/mail.eml" <<'PY'
import base64, sys
print("From: a@example.org\nSubject: a scan\nMIME-Version: 1.0\n"
      "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nSee the scan.\n"
      "--b\nContent-Type: image/png; name=scan.png\nContent-Disposition: attachment\n"
      "Content-Transfer-Encoding: base64\n")
print(base64.encodebytes(open(sys.argv[1], "rb").read()).decode() + "--b--")
PY
sed -i 's/$/\r/' "$work/mail.eml"
system_send "$work/mail.eml" >/dev/null
system_wait 1 60
ok $? 'a mail with a scan arrives'
is "$(system_query "select count(*) from search where search match '\"海岸監測\"'")" 1 \
    'the search inside finds a word of the picture'
grep -rqa 'recognised by a machine and' "$int/var/lib/limpid/mail/reader/new"
ok $? 'and the mail tells its reader that a machine read it'
[ "$tap_bad" = 0 ] || sed 's/^/# /' "$work/err"
done_testing
