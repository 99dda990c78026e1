#!/bin/bash
# An attacker inside each worker kind's own jail, and in that of the decoder of copies: every forbidden call is refused by
# ending it and is seen, and spinning, hoarding, flooding and rubbish cost one part.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
BUILD=${BUILD:-build}
T=$BUILD/tools
case $BUILD in
*/trap*) skip_all "SANDBOX=trap logs forbidden calls and goes on" ;;
esac
[ -x "$T/jail-try" ] || skip_all "make tools builds $T/jail-try"

for policy in deploy/seccomp/worker-*.policy deploy/seccomp/deliver-compose.policy; do
	kind=$(basename "$policy" .policy)
	case $kind in worker-office | worker-scan) continue ;; esac	# 15-, 16-
	out=$("$T/jail-try" "$T/worker-evil" "$policy" 2>&1)
	status=$?
	grep -E '^(not ok|Bail)|succeeded,' <<< "$out" | sed "s/^/# $kind: /"
	ok $status "$kind: no attempt succeeds, each end is told apart"
	case $BUILD in */san) continue ;; esac	# unfiltered there
	grep -q ': 0 succeeded' <<< "$out"
	ok $? "$kind: 0 forbidden acts succeed"
done

case $BUILD in */san) done_testing ;; esac

# The second wall: with a filter that lets files and sockets through, the namespaces
# and Landlock still hold.
out=$("$T/jail-try" "$T/worker-evil" tests/sandbox/loose.policy --loose 2>&1)
status=$?
sed 's/^/# /' <<< "$out"
ok $status "without the filter, files, networks and other processes stay out of reach"
done_testing
