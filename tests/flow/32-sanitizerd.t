#!/bin/bash
# limpid-sanitizerd: parcels in, copies out, through kills, bad parcels and a
# missing worker.
. tests/lib/tap.sh
BUILD=$(readlink -f "${BUILD:-build}")
bin=$BUILD/bin try=$BUILD/tools/san-try
root=$(mktemp -d)
chmod 755 "$root"
pid=
trap 'kill -9 $pid 2>/dev/null; wait 2>/dev/null; rm -rf "$root"' EXIT
state=$root/var/lib/limpid log=$root/log
spool=$state/spool/link1-in

"$bin/limpid-init" all --root "$root" >/dev/null 2>&1
[ -e "$state/spool/link1-in" ] || skip_all 'limpid-init does not work here'
printf 'sanitizer {\n\tworker_dir = "%s"\n\tseccomp_dir = "%s"\n}\n' \
    "$root/workers" "$PWD/deploy/seccomp" >> "$root/etc/limpid/limpid.conf"
mkdir "$root/workers"
cp "$bin"/limpid-worker-* "$root/workers/"

start() {
	"$bin/limpid-sanitizerd" --root "$root" 2>>"$log" &
	pid=$!
	for _ in $(seq 100); do
		[ -s "$root/run/limpid/sanitizerd.pid" ] && return
		sleep 0.05
	done
}
stop() {
	kill -TERM "$pid"
	wait "$pid"
	code=$?
}
drained() { # drained SECONDS: nothing waits any more
	local i
	for i in $(seq $(($1 * 10))); do
		[ -z "$(ls "$spool/new" "$spool/work" | grep LM-)" ] && return
		sleep 0.1
	done
	return 1
}
printf 'From: a@example.org\r\nSubject: x\r\n\r\nhello\r\n' > "$root/mail"
: > "$root/empty"

"$bin/limpid-sanitizerd" --root "$root" -n >"$root/said" 2>&1
ok $? '-n checks configuration, policy and keys'
start
refs=$("$try" put "$root" "$root/mail" "$root/mail" "$root/empty")
drained 20
ok $? 'parcels leave the spool'
"$try" take "$root" > "$root/story"
[ "$(grep -c '^mail' "$root/story")" = 3 ]
ok $? 'each is one copy'
good=1
for ref in $refs; do grep -q "^mail $ref a@example.org 1" "$root/story" || good=0; done
[ $good = 1 ]
ok $? 'under its reference, with its envelope'
grep -q 'part 0 empty "" stub empty' "$root/story"
ok $? 'an empty mail says that it is empty'
[ "$(ps -o user= -p "$pid")" != root ] || [ "$(id -u)" != 0 ]
ok $? 'the router does not run as root'
workers=$(pgrep -f "^$root/workers/" | wc -l)
[ "$workers" -ge 1 ] && ! ps -o user= -p $(pgrep -f "^$root/workers/" | tr '\n' ' ') | grep -q root
ok $? 'no worker runs as root'

ref=$("$try" rot "$root" "$root/mail")
drained 10
grep -q "does not open" "$spool"/held/*"$ref"*.why
ok $? 'a parcel whose signature does not hold is held, with the reason'

# kill -9 in the middle: nothing is lost
refs=$("$try" put "$root" $(for i in $(seq 20); do echo "$root/mail"; done))
sleep 0.05
kill -9 "$pid"
wait "$pid" 2>/dev/null
start
drained 30
"$try" take "$root" > "$root/story"
[ "$(grep '^mail' "$root/story" | awk '{print $2}' | sort -u)" = "$(sort <<< "$refs")" ]
ok $? 'after kill -9 every mail arrives'

# the warm parents die: they come back
kill -9 $(pgrep -f "^$root/workers/")
"$try" put "$root" "$root/mail" >/dev/null
drained 20
"$try" take "$root" | grep -q 'part 0 mail "" container complete'
ok $? 'killed warm parents are started again'

# without the mime worker no mail can be looked at
rm "$root/workers/limpid-worker-mime"
kill -9 $(pgrep -f "^$root/workers/limpid-worker-mime")
ref=$("$try" put "$root" "$root/mail")
drained 30
ls "$spool/held" | grep -q "$ref"
ok $? 'a mail that cannot be looked at is held after three attempts'
"$try" take "$root" > "$root/story"
grep -q "^mail $ref" "$root/story" && grep -q 'stub engine "held' "$root/story"
ok $? 'and its recipients are told'

stop
[ "$code" = 0 ]
ok $? 'SIGTERM ends it with 0'
[ -z "$(pgrep -f "^$root/workers/")" ]
ok $? 'and its workers with it'
"$bin/limpid-record" verify "$state/record/sanitizerd.record" >"$root/said" 2>&1
ok $? "its record is whole $(head -1 "$root/said")"
mv "$root/etc/limpid/policy.conf" "$root/p"
echo 'policy "x" version 0' > "$root/etc/limpid/policy.conf"
"$bin/limpid-sanitizerd" --root "$root" -n >"$root/said" 2>&1
[ $? = 78 ] && grep -q 'policy.conf:' "$root/said"
ok $? '-n names what is wrong with the policy, exit 78'
done_testing
