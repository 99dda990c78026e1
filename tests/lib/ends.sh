# Both ends of link 1 on this host, for the flow tests of the link. Source it behind
# tap.sh. As root the programs run as nobody: they must not need more.
#	host NAME TRANSPORT ADDRESS [LINE]	a root for both ends, keys and all; LINE
#						goes into the link's section
#	send_start NAME, recv_start NAME	one end; $send and $recv are their pids. They
#						stand in the namespaces that the arrays
#						outside and inside enter, where these are set
#	end SIGNAL PID				ends one
#	put NAME COUNT BYTES PAUSE-MS		parcels into the sender's spool
#	arrived NAME, has_arrived NAME N	how many the receiver's spool holds
#	waiting NAME				how many the sender has not handed over
#	same_refs NAME				what came is what was put in, each once
BUILD=$(cd "${BUILD:-build}" && pwd)
seccomp=$PWD/deploy/seccomp
top=$(mktemp -d /tmp/limpid-ends-XXXXXX)
chmod 755 "$top"
mkdir "$top/run"
cp "$BUILD"/bin/limpid* "$BUILD/tools/parcel-put" "$top/run/"
bin=$top/run
as=() outside=() inside=() send='' recv=''
if [ "$(id -u)" = 0 ]; then
	as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	cp -r deploy/seccomp "$top/run/"
	seccomp=$top/run/seccomp
fi
ends_stop() { for p in $send $recv; do kill -9 "$p" 2>/dev/null; done; wait 2>/dev/null; }
check() { local what=$1; shift; "$@" >/dev/null 2>&1; ok $? "$what"; }
until_true() { local t=$((SECONDS + $1)); shift; until "$@"; do [ $SECONDS -lt $t ] || return 1; sleep 0.1; done; }

host() {
	local r=$top/$1 k=$top/$1/etc/limpid/keys s=$top/$1/var/lib/limpid d f
	mkdir -p "$k" "$s"/{record,link} "$r/run/limpid"
	for d in link1-out link1-in; do
		for f in tmp new work held sent; do mkdir -p "$s/spool/$d/$f"; done
	done
	cat >"$r/etc/limpid/limpid.conf" <<-CONF
	link "1" {
		transport = $2
		connect = "$3"
		bind = "$3"
		${4-}
	}
	sanitizer { seccomp_dir = "$seccomp" }
	spool { reserve = 0 }
	CONF
	for f in intake-sign:ed25519 sanitizer-seal:x25519 link1-sign:ed25519 \
	    link1-send-curve:curve link1-recv-curve:curve link1-udp:udp; do
		"$bin/limpid-key" "$k" "${f%:*}" "${f#*:}"
	done
	own "$1"
}
own() { [ "$(id -u)" != 0 ] || chown -R 65534:65534 "$top/$1"; }
send_start() {
	"${outside[@]}" "${as[@]}" "$bin/limpid-diode-send" --root "$top/$1" --link 1 >>"$top/$1.send" 2>&1 &
	send=$!
}
recv_start() {
	"${inside[@]}" "${as[@]}" "$bin/limpid-diode-recv" --root "$top/$1" --link 1 >>"$top/$1.recv" 2>&1 &
	recv=$!
	# Over udp nothing waits for a receiver that is not there yet.
	until_true 10 grep -qsx "$recv" "$top/$1/run/limpid/diode-recv-1.pid"
}
end() { kill -"$1" "$2" 2>/dev/null; reap "$2"; }
put() {
	local name=$1
	shift
	"${as[@]}" "$bin/parcel-put" "$top/$name" "$@" >>"$top/$name.refs"
}
spool_in() { echo "$top/$1/var/lib/limpid/spool/link1-in/new"; }
arrived() { find "$(spool_in "$1")" -type f | wc -l; }
has_arrived() { [ "$(arrived "$1")" -ge "$2" ]; }
waiting() { find "$top/$1/var/lib/limpid/spool/link1-out/"{new,work} -type f | wc -l; }
none_waits() { [ "$(waiting "$1")" = 0 ]; }
same_refs() {
	cmp -s <(sort "$top/$1.refs") \
	    <(find "$(spool_in "$1")" -type f -printf '%f\n' | grep -o 'LM-[0-9A-Z-]*' | sort)
}
said() { grep -q -- "$2" "$top/$1"; }
