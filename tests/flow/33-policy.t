#!/bin/bash
# limpid policy: exit codes, sentences, and the manual's example as it stands.
. tests/lib/tap.sh
policy=${BUILD:-build}/bin/limpid-policy
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$policy" check policy/default.conf >"$work/said" 2>&1
is $? 0 'the shipped policy is good'
sed -n '/^\.Bd -literal$/,/^\.Ed$/p' policy/limpid-policy.5 | sed '1d;$d' \
    >"$work/example"
grep -q 'policy "agency"' "$work/example" &&
    "$policy" check "$work/example" >"$work/said" 2>&1
is $? 0 'the example of the manual is good'
"$policy" show "$work/example" >"$work/shown"
"$policy" check "$work/shown" >/dev/null 2>&1
is $? 0 'what show prints is a policy'
is "$("$policy" show "$work/shown" | sed -n '1s/.*digest //p')" \
    "$(sed -n '1s/.*digest //p' "$work/shown")" 'with the same digest'
grep -q '^limit pages 100	# pages of one part, line 2$' "$work/shown"
ok $? 'show names the line that set a limit'
grep -q '^limit seconds 30	# seconds of one worker, default$' "$work/shown"
ok $? 'or that it is the default'

printf 'policy "x" version 1\nlimit pagse 3\n' >"$work/bad"
echo 'default { convert p else stub unsupported }' >>"$work/bad"
"$policy" check "$work/bad" >"$work/said" 2>"$work/err"
is $? 1 'a refused policy is exit 1'
is "$(cat "$work/said")" '' 'with nothing on stdout'
is "$(head -1 "$work/err")" \
    "$work/bad:2:7: there is no limit pagse. Did you mean pages." \
    'and file:line:column: what. Hint.'
"$policy" check "$work/none" >/dev/null 2>"$work/err"
is $? 66 'a missing file is exit 66'
is "$(cat "$work/err")" \
    "$work/none: No such file or directory. Name a readable policy file." \
    'with its sentence'
"$policy" check "$work" >/dev/null 2>&1
is $? 66 'a folder is exit 66'
"$policy" >/dev/null 2>&1
is $? 2 'no verb is exit 2'
"$policy" show "$work/none" >/dev/full 2>/dev/null
is $? 66 'show of a missing file is exit 66'
"$policy" show policy/default.conf >/dev/full 2>/dev/null
is $? 74 'a full disk is exit 74'
done_testing
