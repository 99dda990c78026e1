# A line that is physically one-way, for the tests of the link: two network namespaces
# and a veth pair between them. Whatever the inside sends is dropped and counted at both
# ends (nftables, netdev egress and ingress); neighbours are static, so that nothing has
# to be asked. Source it; needs root.
line_out=lmout$$ line_in=lmin$$
line4=10.99.0.2 line6=fd00:99::2

line_can() {
	[ "$(id -u)" = 0 ] && command -v ip nft >/dev/null &&
	    ip netns add lmprobe$$ 2>/dev/null && ip netns del lmprobe$$
}
outside() { ip netns exec "$line_out" "$@"; }
inside() { ip netns exec "$line_in" "$@"; }

# line_up [MTU]
line_up() {
	local mtu=${1:-1500} mac_out=02:00:00:00:00:01 mac_in=02:00:00:00:00:02
	ip netns add "$line_out" && ip netns add "$line_in" || return 1
	ip link add vo netns "$line_out" mtu "$mtu" address $mac_out \
	    type veth peer name vi netns "$line_in" mtu "$mtu" address $mac_in || return 1
	# The sender's kernel would say more over IPv6 than we do.
	outside sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.vo.accept_dad=0
	inside sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.vi.accept_dad=0
	outside ip addr add 10.99.0.1/24 dev vo
	inside ip addr add 10.99.0.2/24 dev vi
	outside ip addr add fd00:99::1/64 dev vo nodad
	inside ip addr add fd00:99::2/64 dev vi nodad
	# Before the line is up, so that not one packet escapes the counters.
	inside nft -f - <<-NFT
	table netdev diode {
		chain back { type filter hook egress device "vi" priority 0; policy drop; counter; }
		chain loss { type filter hook ingress device "vi" priority 0; policy accept; }
	}
	NFT
	outside nft -f - <<-NFT
	table netdev diode {
		chain back { type filter hook ingress device "vo" priority 0; policy drop; counter; }
	}
	NFT
	outside ip link set lo up; inside ip link set lo up
	outside ip link set vo arp off up
	inside ip link set vi arp off up
	outside ip neigh replace 10.99.0.2 lladdr $mac_in dev vo nud permanent
	outside ip -6 neigh replace fd00:99::2 lladdr $mac_in dev vo nud permanent
}
line_down() {
	ip netns del "$line_out" 2>/dev/null
	ip netns del "$line_in" 2>/dev/null
}
# Packets that came back: what reached the outside's interface.
line_back() { outside nft list chain netdev diode back | sed -n 's/.*packets \([0-9]*\).*/\1/p'; }
# What the inside tried to send.
line_tried() { inside nft list chain netdev diode back | sed -n 's/.*packets \([0-9]*\).*/\1/p'; }
# line_loss RULE: such as "numgen random mod 100 < 5"; without one, nothing is lost
line_loss() {
	inside nft flush chain netdev diode loss
	[ $# = 0 ] || inside nft add rule netdev diode loss $1 counter drop
}
line_lost() { inside nft list chain netdev diode loss | sed -n 's/.*packets \([0-9]*\).*/\1/p'; }

# Both ends of link 1 in one folder, the sender outside and the receiver inside. They run
# as nobody; the receiver may enlarge its buffer, as the shipped unit lets it.
# line_host [LINE...]: top=$line_top, with these lines in the link's section
line_host() {
	local k s d f x
	line_top=$(mktemp -d "${line_place:-/tmp}/limpid-line-XXXXXX")
	line_root=$line_top/root
	k=$line_root/etc/limpid/keys s=$line_root/var/lib/limpid
	mkdir -p "$k" "$s"/{record,link} "$line_root/run/limpid" "$line_top/bin"
	for d in link1-out link1-in; do
		for f in tmp new work held sent; do mkdir -p "$s/spool/$d/$f"; done
	done
	{
		echo 'link "1" {'
		echo '	transport = udp'
		printf '\t%s\n' "connect = \"udp://${line_connect:-${line_host:-$line4}:7101}\"" \
		    "bind = \"udp://${line_host:-$line4}:7101\"" "$@"
		echo '}'
		echo "sanitizer { seccomp_dir = \"$line_top/bin/seccomp\" }"
		echo "spool { reserve = ${line_reserve:-0} }"
	} >"$line_root/etc/limpid/limpid.conf"
	cp "$BUILD"/bin/limpid-diode-{send,recv} "$BUILD/bin/limpid-key" \
	    "$BUILD/tools/parcel-put" "$line_top/bin/"
	cp -r deploy/seccomp "$line_top/bin/"
	cp tests/lib/keeper.py "$line_top/bin/"
	while read -r x; do "$line_top/bin/limpid-key" "$k" $x; done <<-KEYS
	intake-sign ed25519
	sanitizer-seal x25519
	link1-sign ed25519
	link1-udp udp
	KEYS
	chmod 755 "$line_top"
	chown -R 65534:65534 "$line_root"
}
line_as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
line_cap=(--inh-caps +net_admin --ambient-caps +net_admin)
line_pid() { cat "$line_root/run/limpid/$1.pid" 2>/dev/null; }
line_wait() {		# line_wait SECONDS COMMAND...
	local t=$((SECONDS + $1)); shift
	until "$@"; do [ $SECONDS -lt $t ] || return 1; sleep 0.05; done
}
# What was killed has let go of its locks.
line_gone() {
	local pid
	pid=$(line_pid "$1") || return 0
	! kill -0 "$pid" 2>/dev/null
}
line_send() {
	line_wait 10 line_gone diode-send-1
	rm -f "$line_root/run/limpid/diode-send-1.pid"
	outside "${line_as[@]}" ${line_send_env-} "$line_top/bin/limpid-diode-send" \
	    --root "$line_root" --link 1 >>"$line_top/send.log" 2>&1 &
	line_wait 10 test -s "$line_root/run/limpid/diode-send-1.pid"
}
line_recv() {
	line_wait 10 line_gone diode-recv-1
	rm -f "$line_root/run/limpid/diode-recv-1.pid"
	inside "${line_as[@]}" "${line_cap[@]}" ${line_recv_env-} \
	    "$line_top/bin/limpid-diode-recv" \
	    --root "$line_root" --link 1 >>"$line_top/recv.log" 2>&1 &
	line_wait 10 test -s "$line_root/run/limpid/diode-recv-1.pid"
}
# The same under a service manager (keeper.py), which starts it again when it dies.
line_recv_kept() {
	rm -f "$line_root/run/limpid/diode-recv-1.pid" "$line_top/notify"
	chmod 777 "$line_top"
	ip netns exec "$line_in" "${line_as[@]}" "${line_cap[@]}" /usr/bin/python3 "$line_top/bin/keeper.py" \
	    "$line_top/notify" "$line_top/bin/limpid-diode-recv" \
	    --root "$line_root" --link 1 >>"$line_top/recv.log" 2>&1 &
	line_keeper=$!
	line_wait 10 test -s "$line_root/run/limpid/diode-recv-1.pid"
}
line_front() { pgrep -P "$(line_pid diode-recv-1)"; }
line_kill() {		# line_kill SIGNAL diode-send-1|diode-recv-1
	local pid
	pid=$(line_pid "$2") && kill "-$1" "$pid" 2>/dev/null || return 0
	[ "$1" = STOP ] || [ "$1" = CONT ] ||
	    while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
}
line_put() { "${line_as[@]}" "$line_top/bin/parcel-put" "$line_root" "$@" >>"$line_top/refs"; }
line_arrived() { find "$line_root/var/lib/limpid/spool/link1-in/new" -type f | wc -l; }
line_has() { [ "$(line_arrived)" -ge "$1" ]; }
# A counter of the receiver: taken forged overflow missing recovered ...
line_count() { sed -n "s/^$1 //p" "$line_root/var/lib/limpid/link/1-recv/datagrams"; }
line_remove() {
	[ -z "${line_keeper-}" ] || kill -TERM "$line_keeper" 2>/dev/null
	line_keeper=
	line_kill KILL diode-send-1
	line_kill KILL diode-recv-1
	[ -z "${line_top-}" ] || rm -rf "$line_top"
	line_top=
}
