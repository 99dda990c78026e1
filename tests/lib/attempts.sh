# An attacker in one worker's own jail, for the sandbox tests of jails that show more
# than nothing. Source it behind tap.sh, from the tree's top.
# attempts TOOL WORKER FLAG: TOOL of tests/tools acts as WORKER; jail-try takes FLAG
attempts() {
	local build=${BUILD:-build} out status
	case $build in
	*/trap*) skip_all "SANDBOX=trap logs forbidden calls and goes on" ;;
	esac
	[ -x "$build/tools/$1" ] || skip_all "make tools builds $build/tools/$1"
	out=$("$build/tools/jail-try" "$build/tools/$1" "deploy/seccomp/$2.policy" "$3" 2>&1)
	status=$?
	if grep -q 'allows no namespaces' <<<"$out"; then
		skip_all "this kernel allows no namespaces: $2 does not start"
	fi
	grep -E '^(not ok|Bail)|succeeded,' <<<"$out" | sed 's/^/# /'
	ok $status 'no attempt succeeds, each end is told apart'
	case $build in */san) done_testing ;; esac	# unfiltered there
	grep -q ': 0 succeeded' <<<"$out"
	ok $? '0 forbidden acts succeed'
	done_testing
}
