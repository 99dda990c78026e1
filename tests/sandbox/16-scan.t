#!/bin/bash
# An attacker in the jail of worker-scan, which has a /tmp of its own and no other file: no
# forbidden act succeeds, nothing can be read, and no child sees what another one wrote.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
BUILD=${BUILD:-build}
T=$BUILD/tools
case $BUILD in
*/trap*) skip_all "SANDBOX=trap logs forbidden calls and goes on" ;;
esac
[ -x "$T/worker-evil-scan" ] || skip_all "make tools builds $T/worker-evil-scan"

out=$("$T/jail-try" "$T/worker-evil-scan" deploy/seccomp/worker-scan.policy \
    --tmp 2>&1)
status=$?
if grep -q 'allows no namespaces' <<< "$out"; then
	skip_all 'this kernel allows no namespaces: worker-scan does not start'
fi
grep -E '^(not ok|Bail)|succeeded,' <<< "$out" | sed 's/^/# /'
ok $status 'no attempt succeeds, each end is told apart'
case $BUILD in */san) done_testing; exit ;; esac	# unfiltered there
grep -q ': 0 succeeded' <<< "$out"
ok $? '0 forbidden acts succeed'
done_testing
