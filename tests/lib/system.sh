# A whole system on this machine over loopback, for flow tests. Source it, then
# system_init, system_start; SYS is its folder; ext, san and int are the roots.
. "${BASH_SOURCE[0]%/*}/reap.sh"
BUILD=$(readlink -f "${BUILD:-build}")
BIN=$BUILD/bin
TREE=$(readlink -f "$(dirname "${BASH_SOURCE[0]}")/../..")
declare -A SYSTEM_PID

free_port() {
	/usr/bin/python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# system_init [TRANSPORT]: keys, folders, configuration of three hosts.
system_init() {
	SYS=$(mktemp -d /tmp/limpid-system.XXXXXX)
	chmod 755 "$SYS"
	mkdir "$SYS/log"
	ext=$SYS/external san=$SYS/sanitizer int=$SYS/internal
	local link1=tcp://127.0.0.1:$(free_port) link2=tcp://127.0.0.1:$(free_port)
	VIEWER=127.0.0.1:$(free_port)
	{
		"$BIN/limpid" init external --root "$ext" --link1 "$link1" \
		    --hostname mx.agency.example --domain agency.example
		"$BIN/limpid" init sanitizer --root "$san" --link1 "$link1" \
		    --link2 "$link2" --hostname sanitizer.agency.example
		"$BIN/limpid" init internal --root "$int" --link2 "$link2" \
		    --viewer "$VIEWER" --hostname inside.agency.example \
		    --domain agency.example >"$SYS/account"
		for root in "$ext" "$san" "$int"; do
			"$BIN/limpid" keys export "$SYS/medium" --root "$root"
		done
		for root in "$ext" "$san" "$int"; do
			"$BIN/limpid" keys import "$SYS/medium" --root "$root"
		done
	} >"$SYS/log/init" 2>&1 || { cat "$SYS/log/init" >&2; return 1; }
	SYSTEM=(intaked diode-send-1 diode-recv-1 sanitizerd diode-send-2
	    diode-recv-2 deliverd)
}

# system_start_one NAME: one program, by the name of its record.
system_start_one() {
	local name=$1 root program args=()
	case $name in
	intaked) root=$ext ;;
	diode-send-1) root=$ext args=(--link 1) ;;
	diode-recv-1) root=$san args=(--link 1) ;;
	sanitizerd) root=$san ;;
	diode-send-2) root=$san args=(--link 2) ;;
	diode-recv-2) root=$int args=(--link 2) ;;
	*) root=$int ;;
	esac
	program=$BIN/limpid-${name%-[12]}
	rm -f "$root/run/limpid/$name.pid"
	"$program" --root "$root" "${args[@]}" >>"$SYS/log/$name" 2>&1 &
	SYSTEM_PID[$name]=$!
}

system_ready() {	# system_ready NAME: waits until it announced itself
	local file
	for _ in $(seq 200); do
		for file in "$SYS"/*/run/limpid/"$1".pid; do
			[ -e "$file" ] && return 0
		done
		sleep 0.05
	done
	echo "# $1 did not start:" >&2
	tail -n 5 "$SYS/log/$1" | sed 's/^/#   /' >&2
	return 1
}

system_start() {
	local name
	for name in "${SYSTEM[@]}" "$@"; do system_start_one "$name"; done
	for name in "${SYSTEM[@]}" "$@"; do system_ready "$name" || return 1; done
}

# system_kill NAME: kill -9 of the program and wait for its end.
system_kill() {
	kill -9 "${SYSTEM_PID[$1]}" 2>/dev/null
	reap "${SYSTEM_PID[$1]}"
}

system_stop() {
	local name
	for name in "${!SYSTEM_PID[@]}"; do
		kill "${SYSTEM_PID[$name]}" 2>/dev/null
	done
	for name in "${!SYSTEM_PID[@]}"; do
		for _ in $(seq 60); do
			kill -0 "${SYSTEM_PID[$name]}" 2>/dev/null || break
			sleep 0.05
		done
		kill -9 "${SYSTEM_PID[$name]}" 2>/dev/null
		reap "${SYSTEM_PID[$name]}"
	done
	SYSTEM_PID=()
}

system_remove() {
	system_stop
	[ -n "${KEEP-}" ] && echo "# kept $SYS" || rm -rf "$SYS"
}

# system_send FILE...: each by LMTP into intaked, to reader@agency.example.
system_send() {
	/usr/bin/python3 "$TREE/tests/lib/lmtp_send.py" \
	    "$ext/run/limpid/lmtp.sock" "$@"
}

system_count() {	# mails in the index
	system_query 'select count(*) from mail' 2>/dev/null || echo 0
}
system_query() {	# waits while deliverd writes
	sqlite3 -readonly -cmd '.timeout 10000' "$int/var/lib/limpid/index/index.db" "$@"
}

system_wait() {		# system_wait COUNT SECONDS
	local i
	for i in $(seq $(($2 * 10))); do
		[ "$(system_count)" -ge "$1" ] && return 0
		sleep 0.1
	done
	return 1
}
