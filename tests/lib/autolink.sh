# Four programs from npm that turn text into links. Source it after BUILD is set.
autolink_modules=$BUILD/autolink/node_modules
autolink_get() {	# autolink_get: fetches them once a build; says why it cannot
	local lock=$autolink_modules/.limpid-package-lock.json
	mkdir -p "$BUILD/autolink"
	(
		flock 9
		cmp -s tests/autolink/package-lock.json "$lock" && exit 0
		cp tests/autolink/package*.json "$BUILD/autolink/"
		cd "$BUILD/autolink" &&
		    npm ci --ignore-scripts --no-audit --no-fund 2>&1 |
		    tail -n 1 && [ "${PIPESTATUS[0]}" = 0 ] &&
		    cp package-lock.json "$lock"
	) 9>"$BUILD/autolink/lock"
}
autolink_find() {	# autolink_find FILE...: TAP, a test a finder and file
	node tests/autolink/find.js "$autolink_modules" "$@"
}
