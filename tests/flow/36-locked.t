#!/bin/bash
# Locked parts: opened by words of their own mail in every charset and width, and in no
# other way; what stays locked says how to ask.
. tests/lib/tap.sh
BUILD=$(readlink -f "${BUILD:-build}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/in" "$work/out" "$work/mails"
/usr/bin/python3 tests/samples/locked.py "$work/in" || skip_all 'no qpdf or openssl'
[ -e /usr/lib/libreoffice/program/libmergedlo.so ] || rm "$work"/in/agile* "$work/in/open.odt"
case $BUILD in */san) rm -f "$work"/in/agile* "$work/in/open.odt" ;; esac

mail() {	# mail NAME SUBJECT BODY FILE...
	/usr/bin/python3 - "$work/mails/$1.eml" "${@:2}" <<'PY'
import sys
from email.message import EmailMessage
m = EmailMessage()
m["From"], m["To"], m["Subject"] = "a@example.org", "b@example.net", sys.argv[2]
m.set_content(sys.argv[3])
for f in sys.argv[4:]:
    with open(f, "rb") as data:
        m.add_attachment(data.read(), maintype="application", subtype="octet-stream",
                         filename=f.rsplit("/", 1)[-1])
with open(sys.argv[1], "wb") as out:
    out.write(m.as_bytes())
PY
}
clean() {
	timeout 300 "$BUILD/bin/limpid-clean" --policy policy/default.conf \
	    --out "$work/out" "$@" >>"$work/said" 2>&1
}
said() {	# said MAIL PART FIELD
	/usr/bin/python3 -c 'import json, sys
for p in json.load(open(sys.argv[1]))["parts"]:
    if p["name"] == sys.argv[2] or p["path"] == sys.argv[2]:
        print(p.get(sys.argv[3], p["facts"].get(sys.argv[3], "")))' \
	    "$work/out/$1.json" "$2" "$3" 2>&1 | head -1
}

# One mail with its words in many ways, each part with its own.
mail same 'PW: １２３４' 'The password of the first is sesame (or Zebra-7).
附件的密碼：小兔子
パスワードは「さくら」です。
密碼如下
天氣晴' "$work"/in/*
clean "$work/mails/same.eml"
is $? 0 'every part of a mail with all passwords arrives'
for f in "$work"/in/*; do
	name=${f##*/}
	is "$(said same "$name" unlocked)" 'a word in this mail' \
	    "$name is opened by a word of its mail"
done
is "$(said same aes.pdf outcome)" images 'the pages of a locked PDF arrive'
if [ -e "$work/in/agile.docx" ]; then
	is "$(said same agile.docx outcome)" images 'and those of a document'
fi

# The password may look like a link, which is made harmless in the copy.
/usr/bin/python3 - "$work" <<'PY'
import sys
sys.path.insert(0, "tests/samples")
import containers, locked
with open(sys.argv[1] + "/link.zip", "wb") as f:
    f.write(locked.zip_aes(b"a.txt", b"words\n", b"www.secret-7.com"))
inner = locked.zip_crypto(b"deep.txt", b"words\n", b"second1")
with open(sys.argv[1] + "/outer.zip", "wb") as f:
    f.write(locked.zip_aes(b"inner.zip", inner, b"first1"))
with open(sys.argv[1] + "/mixed.zip", "wb") as f:
    f.write(containers.zip_file([(b"open.txt", b"words\n")]))
with open(sys.argv[1] + "/plain.rar", "wb") as f:
    f.write(containers.rar4(b"a.txt", b"0123456789abcdef", 4))
with open(sys.argv[1] + "/names.7z", "wb") as f:
    f.write(containers.given(containers.SEVEN["locked-names.7z"]))
PY
mail link 'Files' 'The password: www.secret-7.com' "$work/link.zip"
mail nested 'Files' 'pw first1 and then second1' "$work/outer.zip"
clean "$work/mails/link.eml" "$work/mails/nested.eml"
is "$(said link link.zip unlocked)" 'a word in this mail' \
    'a password that looks like a link still opens'
is "$(said nested deep.txt outcome)" text 'a locked archive in a locked archive opens'

# No word, a wrong word, and formats that cannot be opened.
mail none 'Files' 'See the file.' "$work/in/crypto.zip" "$work/in/rc4.pdf"
mail wrong 'Files' 'The password is sesam.' "$work/in/crypto.zip"
mail never 'Files' 'The password is sesame.' "$work/plain.rar" "$work/names.7z"
clean "$work/mails/none.eml" "$work/mails/wrong.eml" "$work/mails/never.eml"
is $? 1 'what stays locked is a finding'
is "$(said none rc4.pdf reason) $(said none a.txt reason)" 'encrypted encrypted' \
    'without a word they are stubs that say so'
is "$(said none a.txt note)" \
    'a password would open it: limpid clean --password-file FILE' 'and how to ask'
is "$(said wrong a.txt reason)" encrypted 'a wrong word opens nothing'
is "$(said never a.txt reason) $(said never names.7z reason)" 'encrypted encrypted' \
    'locked RAR and 7z are recognised'
case $(said never names.7z note) in
'Limpid cannot open locked archives of this format'*) ok 0 'and say why no word helps' ;;
*) ok 1 "and say why no word helps: $(said never names.7z note)" ;;
esac

# A password by hand, and a policy that does not try.
printf 'nothing\r\nsesame\r\n' >"$work/words"
clean --password-file "$work/words" "$work/mails/none.eml"
is $? 0 'a password file opens them'
is "$(said none crypto.zip unlocked)" 'a line of the password file' 'and is named'
sed 's/^default/rule P020 "Locked" { when part.encrypted then stub encrypted }\n&/' \
    policy/default.conf >"$work/strict.conf"
timeout 60 "$BUILD/bin/limpid-clean" --policy "$work/strict.conf" \
    --out "$work/out" "$work/mails/same.eml" >/dev/null 2>&1
is "$(said same crypto.zip reason) $(said same crypto.zip rule)" 'encrypted P020' \
    'a policy can refuse locked parts before any word is tried'
! grep -q security "$work/said"
ok $? 'nobody asked for anything forbidden'
[ "$tap_bad" = 0 ] || sed 's/^/# /' "$work/said"
done_testing
