# TAP for the shell tests. Source it; end with `done_testing`.
. "${BASH_SOURCE[0]%/*}/reap.sh"
tap_n=0 tap_bad=0
ok() {		# ok STATUS NAME
	tap_n=$((tap_n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tap_n - $2"
	else
		echo "not ok $tap_n - $2"
		tap_bad=1
	fi
}
is() {		# is GOT WANTED NAME
	if [ "$1" = "$2" ]; then
		ok 0 "$3"
	else
		ok 1 "$3"
		echo "#   got:    $1"
		echo "#   wanted: $2"
	fi
}
take_tap() {	# take_tap FILE: the results of another program as ours
	local line
	while read -r line; do
		case $line in
		ok*) ok 0 "${line#* - }" ;;
		'not ok'*) ok 1 "${line#* - }" ;;
		1..*) ;;
		*) echo "# ${line#\# }" ;;
		esac
	done <"$1"
}
none_stopped() { is "$stopped" '' 'no filter stopped a program'; }	# once all ended
note() { printf '# %s\n' "$*"; }
skip_all() { echo "1..0 # SKIP $*"; exit 0; }
done_testing() { echo "1..$tap_n"; exit $tap_bad; }
