# Three hosts whose links are physically one-way: network namespaces joined by veth
# pairs, on which every packet from inside to outside is dropped and counted twice,
# when it leaves the inside (egress hook) and when it would reach the outside (ingress
# hook). Neighbours are static and IPv6 is off, so nothing has to come back.
#
# Source it; needs root, iproute2 and nftables.
#	hosts_up PREFIX [MTU]	PREFIX-ext -link1-> PREFIX-san -link2-> PREFIX-int;
#				10.77.N.1 sends, 10.77.N.2 receives
#	hosts_check PREFIX	nothing passes backwards, datagrams pass forwards
#	hosts_back PREFIX	prints "packets back: N": what reached an outside
#	hosts_tried PREFIX	prints how many packets an inside tried to send back
#	hosts_lose PREFIX LINK PER_THOUSAND	drops that share of datagrams forwards
#	hosts_down PREFIX
# line.sh has one line with two ends, for the tests of the datagrams.

# hosts_cable NS-OUT NS-IN NAME NET MTU
hosts_cable() {
	ip link add "$3" netns "$1" type veth peer name "$3" netns "$2" || return 1
	local ns end=1 mac_out mac_in
	for ns in "$1" "$2"; do
		ip netns exec "$ns" sysctl -qw "net.ipv6.conf.$3.disable_ipv6=1" \
		    2>/dev/null || :
		ip -n "$ns" link set "$3" arp off mtu "$5" || return 1
		ip -n "$ns" addr add "$4.$end/30" dev "$3" || return 1
		ip -n "$ns" link set "$3" up || return 1
		end=2
	done
	mac_out=$(ip -n "$1" -o link show "$3" | sed 's/.*link\/ether \([^ ]*\).*/\1/')
	mac_in=$(ip -n "$2" -o link show "$3" | sed 's/.*link\/ether \([^ ]*\).*/\1/')
	ip -n "$1" neigh replace "$4.2" lladdr "$mac_in" nud permanent dev "$3" &&
	    ip -n "$2" neigh replace "$4.1" lladdr "$mac_out" nud permanent dev "$3" ||
	    return 1
	ip netns exec "$2" nft -f - <<-N || return 1
	table netdev oneway-$3 {
		counter tried { }
		chain back { type filter hook egress device "$3" priority 0; policy drop; counter name tried drop; }
		chain line { type filter hook ingress device "$3" priority 0; policy accept; }
	}
	N
	ip netns exec "$1" nft -f - <<-N || return 1
	table netdev oneway-$3 {
		counter back { }
		chain back { type filter hook ingress device "$3" priority 0; policy drop; counter name back drop; }
	}
	N
}

hosts_up() {
	local ns mtu=${2:-1500}
	for ns in ext san int; do
		ip netns add "$1-$ns" || return 1
		ip netns exec "$1-$ns" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 \
		    net.ipv6.conf.default.disable_ipv6=1 2>/dev/null || :
		ip -n "$1-$ns" link set lo up || return 1
	done
	hosts_cable "$1-ext" "$1-san" link1 10.77.1 "$mtu" &&
	    hosts_cable "$1-san" "$1-int" link2 10.77.2 "$mtu"
}

hosts_count() {	# NS TABLE COUNTER
	ip netns exec "$1" nft list counter netdev "$2" "$3" |
	    sed -n 's/.*packets \([0-9]*\).*/\1/p'
}
hosts_back() {
	echo "packets back: $(($(hosts_count "$1-ext" oneway-link1 back) + \
	    $(hosts_count "$1-san" oneway-link2 back)))"
}
hosts_tried() {
	echo $(($(hosts_count "$1-san" oneway-link1 tried) + \
	    $(hosts_count "$1-int" oneway-link2 tried)))
}

hosts_lose() {
	local ns=$1-san
	[ "$2" = 1 ] || ns=$1-int
	ip netns exec "$ns" nft flush chain netdev "oneway-link$2" line
	[ "$3" = 0 ] && return
	[ "$3" = 1000 ] && set -- "$1" "$2" drop || set -- "$1" "$2" \
	    "numgen random mod 1000 < $3 drop"
	ip netns exec "$ns" nft "add rule netdev oneway-link$2 line $3"
}

# A datagram arrives forwards; backwards ping, UDP and TCP all fail. The attempts are
# seen by the counter of the inside, and none by that of the outside.
hosts_check() {
	local link out in before
	for link in 1 2; do
		out=$1-ext in=$1-san
		[ $link = 1 ] || out=$1-san in=$1-int
		before=$(hosts_tried "$1")
		ip netns exec "$in" python3 -c "import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('10.77.$link.2', 9)); s.settimeout(4)
assert s.recv(9) == b'forward'" &
		ip netns exec "$out" python3 -c "import socket, time
for i in range(15):
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'forward', ('10.77.$link.2', 9))
    time.sleep(0.1)"
		wait $! || return 1
		ip netns exec "$in" python3 -c "import socket, sys
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'back', ('10.77.$link.1', 9))
s = socket.socket(); s.settimeout(1)
try:
    s.connect(('10.77.$link.1', 9))
except OSError as e:
    sys.exit(0 if 'refused' not in str(e) else 1)
sys.exit(1)" || return 1
		[ "$(hosts_tried "$1")" -gt "$before" ] || return 1
	done
	[ "$(hosts_back "$1")" = 'packets back: 0' ]
}

hosts_down() {
	local ns
	for ns in ext san int; do ip netns del "$1-$ns" 2>/dev/null || :; done
}
