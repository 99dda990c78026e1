#!/bin/bash
# limpid doctor names what is missing, prints every call with its reason, and its exit
# code says whether all is well.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
BUILD=$(readlink -f "${BUILD:-build}")
DOCTOR=$BUILD/bin/limpid-doctor
[ -x "$DOCTOR" ] || skip_all "make builds $DOCTOR"
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
json() { python3 -c "import json,sys; d=json.load(open('$T/out')); print($1)"; }

"$DOCTOR" --root "$T/none" --json >"$T/out" 2>"$T/err"
status=$?
is "$(json "len(d['isolation'])")" 9 "nine walls are reported"
is "$(json "d['configured']")" False "a host without configuration is told so"
is "$status" "$(json "1 if d['missing'] else 0")" "exit 1 when something is missing, else 0"
is "$(json "[w['name'] for w in d['workers'] if not w['starts'] or not w['calls']]")" \
    "[]" "every worker starts in its jail"
is "$(json "all(c['reason'] for w in d['workers'] for c in w['calls'])")" True \
    "every call has a reason"

is "$(json "[w['name'] for w in d['workers'] if w['name'] != 'office' and
    len({c['call'] for c in w['calls']}) > 60]")" '[]' "no worker but office has more than 60 calls"
is "$(json "[(w['name'], c['call']) for w in d['workers'] for c in w['calls'] if not c['refused'] and
    c['call'] in ('execve', 'execveat', 'socket', 'connect', 'ptrace', 'fork', 'vfork', 'clone3', 'bpf', 'kill')]")" '[]' \
    "none may start a program or a process, connect, trace or signal"
"$DOCTOR" --root "$T/none" --calls >"$T/out"
grep -q 'getrandom .*seeds of hash tables' "$T/out"
ok $? "--calls prints calls with their reasons"

# A host whose filters are damaged, one missing and one wrong.
mkdir -p "$T/root/etc/limpid" "$T/policies"
cp deploy/seccomp/worker-*.policy "$T/policies"
rm "$T/policies/worker-html.policy"
echo 'openn # a slip' >>"$T/policies/worker-text.policy"
cat >"$T/root/etc/limpid/limpid.conf" <<CONF
role = "sanitizer"
sanitizer {
	worker_dir = "$BUILD/bin"
	seccomp_dir = "$T/policies"
}
CONF
"$DOCTOR" --root "$T/root" --json >"$T/out" 2>"$T/err"
is $? 1 "damaged policies are findings"
is "$(json "d['role']")" sanitizer "the role comes from the configuration"
is "$(json "[w['name'] for w in d['workers'] if not w['starts']]")" \
    "['html', 'text']" "exactly the damaged workers do not start"
is "$(json "[w['says'] for w in d['workers'] if w['name'] == 'text'][0].split(': ', 1)[1]")" \
    "no system call is named 'openn'; \`scmp_sys_resolver -a\` knows the names" \
    "the wrong line is explained"

"$DOCTOR" --no-such-option >"$T/out" 2>&1
is $? 2 "a wrong option is a usage error"
"$DOCTOR" surplus >"$T/out" 2>&1
is $? 2 "a surplus argument is one too"
done_testing
