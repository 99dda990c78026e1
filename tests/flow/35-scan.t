#!/bin/bash
# The scanner: what it finds and where, what is said without a database and with an old or
# broken one, and a new database that takes over while mails run.
. tests/lib/tap.sh
BUILD=$(readlink -f "${BUILD:-build}")
bin=$BUILD/bin try=$BUILD/tools/san-try
case $BUILD in
*/san) skip_all 'libclamav is not built with sanitizers' ;;
esac
work=$(mktemp -d)
chmod 755 "$work"
pid= feeder=
trap 'kill -9 $pid $feeder 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT
mkdir -p "$work/db" "$work/in" "$work/out" "$work/empty"
/usr/bin/python3 tests/samples/malware.py database "$work/db" &&
    /usr/bin/python3 tests/samples/malware.py files "$work/in" || exit 1
chmod -R a+rX "$work/db"

clean() {	# clean DATABASE FILE...
	local database=$1
	shift
	timeout 120 "$bin/limpid-clean" --policy "${policy:-policy/default.conf}" \
	    --clamav "$database" --out "$work/out" "$@" >/dev/null 2>"$work/err"
}
# said FILE PATH: outcome, reason, malware and scan of a part
said() {
	/usr/bin/python3 -c 'import json, sys
for p in json.load(open(sys.argv[1]))["parts"]:
    if p["path"] == sys.argv[2]:
        f = p["facts"]
        print(p["outcome"], p["reason"], " ".join(f.get("malware", [])), "|", f.get("scanned", ""))' \
	    "$work/out/$1.json" "$2" 2>&1
}
has() {	# has FILE PATH PATTERN NAME
	said "$1" "$2" | grep -qE "$3"
	ok $? "$4" || echo "# $(said "$1" "$2")"
}

clean "$work/db" "$work"/in/*
if grep -q 'allows no namespaces' "$work/err"; then
	skip_all 'this kernel allows no namespaces: worker-scan does not start'
fi
today="ClamAV [0-9.]+, database of $(date -u +%Y-%m-%d), 0 days old"
has bare 0 "^stub malware .*Limpid-Test-Eicar.*\| $today" \
    'a bare file is found by its hash, and the scanner is named with its age'
has bare 0 'Limpid-Test-Eicar-256' 'under every name that it has'
has zip 0 '^stub malware Limpid-Test-Eicar' 'inside a ZIP'
has zipzip 0 '^stub malware Limpid-Test-Eicar' 'inside a ZIP inside a ZIP'
has body 0 '^stub malware Limpid-Test-Body' 'by words of its body'
has macro 0 '^stub malware Limpid-Test-Macro' 'inside an office document'
has nested 0 "^container complete  \| $today" 'a mail holds parts, and names the scanner'
has nested 2 '^container complete  \| $' 'a mail in a mail is not scanned itself'
has nested 2.2 '^stub malware Limpid-Test-Eicar' 'the ZIP in it is'
has nested 3 '^text complete  \| $' 'a clean part beside it arrives, without more words'
has clean 0 '^(text|images|container) complete  \|' 'clean files arrive'
grep -q 'The scanner knows it as malware: Limpid-Test-Eicar' "$work/out/nested.eml"
ok $? 'the reader of the mail is told'
grep -q 'Search for malware: ClamAV' "$work/out/nested.eml"
ok $? 'and by which scanner'
grep -q 'worker=scan reason=malware: Limpid-Test' "$work/err"
ok $? 'and the operator, in the log'

# Without a database, or when none is wanted.
clean "$work/empty" "$work/in/bare.com" "$work/in/clean.eml"
has bare 0 '\| no database$' 'an empty folder is no database, and that is said'
has clean 0 '^container complete  \| no database$' 'once, at the root'
has clean 1 '^text complete  \| $' 'and not again at each part'
clean none "$work/in/clean.txt"
has clean 0 '\| not scanned: switched off$' 'a scanner that nobody wants is said, too'

# A broken database, or a jail too small, stops nothing and is said.
mkdir "$work/broken"
echo 'this:is:no:signature' >"$work/broken/bad.ndb"
clean "$work/broken" "$work/in/clean.txt"
has clean 0 '^text complete  \| not scanned: the scanner does not start' \
    'a broken database: the part goes on and says so'
grep -q 'the database does not load' "$work/err"
ok $? 'and the log says what to do'
sed 's/rule P005/rule P006 "x" { when not part.scanned then stub policy }\n&/' \
    policy/default.conf >"$work/strict.conf"
policy=$work/strict.conf clean "$work/broken" "$work/in/clean.eml"
has clean 1 '^stub policy' 'a policy may refuse what was not scanned'
has clean 0 '^container complete' 'and still takes the mail apart'
policy=$work/strict.conf clean "$work/db" "$work/in/clean.eml"
has clean 1 '^text complete' 'and lets pass what was'

# The daemon: status, and a new database while mails run.
root=$work/root
mkdir "$root"
"$bin/limpid-init" all --root "$root" >/dev/null 2>&1
[ -e "$root/var/lib/limpid/spool/link1-in" ] || { done_testing; exit; }
printf 'sanitizer {\n\tworker_dir = "%s"\n\tseccomp_dir = "%s"\n\tclamav_database = "%s"\n}\n' \
    "$bin" "$PWD/deploy/seccomp" "$work/db" >>"$root/etc/limpid/limpid.conf"
status() { "$bin/limpid-status" --root "$root" 2>&1 | grep '^scan'; }
until_says() {	# until_says PATTERN
	for _ in $(seq 150); do
		status | grep -qE "$1" && return
		sleep 0.1
	done
	return 1
}
start() {
	"$bin/limpid-sanitizerd" --root "$root" 2>>"$work/log" &
	pid=$!
}
start
until_says '0 days old, 4 signatures'
ok $? 'status names the age and the number of signatures' || status
"$bin/limpid-status" --root "$root" --json | grep -q '"folder": "'"$work/db"'"'
ok $? 'and the folder'

"$try" put "$root" "$work/in/nested.eml" "$work/in/clean.eml" >/dev/null
( while [ ! -e "$work/enough" ]; do
	"$try" put "$root" "$work/in/body.txt" "$work/in/clean.eml"
	sleep 0.02
done ) >"$work/refs" &
feeder=$!
sleep 1
printf 'Limpid-Test-New:0:*:%s\n' "$(printf 'clean words' | od -An -tx1 | tr -d ' \n')" \
    >"$work/db/new.ndb"
until_says '5 signatures'
ok $? 'a new database takes over while mails run'
sleep 0.5
echo 'half of a sig' >"$work/db/newer.ndb"
until_says 'NEWER database does not load'
ok $? 'one that does not load leaves the old one in use, and status says so'
status | grep -q '5 signatures'
ok $? 'which still is the one before'
"$bin/limpid-status" --root "$root" >/dev/null
is $? 1 'and asks for a person'
rm "$work/db/newer.ndb"
touch "$work/enough"
wait "$feeder"
feeder=
for _ in $(seq 300); do
	ls "$root"/var/lib/limpid/spool/link1-in/{new,work} | grep -q LM- || break
	sleep 0.1
done
sleep 0.3
"$try" take "$root" >"$work/story"
is "$(grep -c '^mail' "$work/story")" $(($(grep -o 'LM-[A-Z0-9-]*' "$work/refs" | wc -l) + 2)) \
    "every mail of $(grep -o 'LM-[A-Z0-9-]*' "$work/refs" | wc -l) that came meanwhile is there, once"
grep -q 'scanned=ClamAV' "$work/story"
ok $? 'each mail names the scanner'
is "$(grep -c 'not scanned\|no database\|stub engine\|stub crash' "$work/story")" 0 \
    'and each part was scanned, by the old or by the new one'
! grep -q 'warm parent is gone.*scan\|does not end its jobs' "$work/log"
ok $? 'no scanner was ended under a part'

find "$work/db" -type f -exec touch -d '5 days ago' {} +
until_says '5 days old.*TOO OLD'
ok $? 'an old database is called old' || status
"$bin/limpid-status" --root "$root" >/dev/null
is $? 1 'and asks for a person'
kill "$pid"
wait "$pid"
is $? 0 'the daemon ends well'
is "$(pgrep -fc "limpid-worker-scan.*$work/db")" 0 'and no scanner is left'
mv "$work/db" "$work/gone"
start
until_says 'NO DATABASE'
ok $? 'a folder that is not there is no database'
mv "$work/gone" "$work/db"
until_says 'signatures'
ok $? 'and is found when it comes'
[ "$tap_bad" = 0 ] || sed 's/^/# /' "$work/log"
done_testing
