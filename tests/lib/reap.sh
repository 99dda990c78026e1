# How programs of a test end. Sourced by tap.sh and system.sh.
#	reap PID	waits for one and returns its status
#	$stopped	those that their filter stopped (159 is SIGSYS): the shell alone
#			learns of it, their own logs say nothing
stopped=
reap() {
	wait "$1" 2>/dev/null
	set -- "$1" $?
	[ "$2" != 159 ] || stopped="$stopped $1"
	return "$2"
}
