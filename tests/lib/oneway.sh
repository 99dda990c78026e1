# A line that is physically one-way, for the tests of the link: two network namespaces
# and a veth pair between them. Whatever the inside sends is dropped and counted at both
# ends (nftables, netdev egress and ingress); neighbours are static, so that nothing has
# to be asked. Source it; needs root.
oneway_out=lmout$$ oneway_in=lmin$$
oneway4=10.99.0.2 oneway6=fd00:99::2

oneway_can() {
	[ "$(id -u)" = 0 ] && command -v ip nft >/dev/null &&
	    ip netns add lmprobe$$ 2>/dev/null && ip netns del lmprobe$$
}
outside() { ip netns exec "$oneway_out" "$@"; }
inside() { ip netns exec "$oneway_in" "$@"; }

# oneway_up [MTU]
oneway_up() {
	local mtu=${1:-1500} mac_out=02:00:00:00:00:01 mac_in=02:00:00:00:00:02
	ip netns add "$oneway_out" && ip netns add "$oneway_in" || return 1
	ip link add vo netns "$oneway_out" mtu "$mtu" address $mac_out \
	    type veth peer name vi netns "$oneway_in" mtu "$mtu" address $mac_in || return 1
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
oneway_down() {
	ip netns del "$oneway_out" 2>/dev/null
	ip netns del "$oneway_in" 2>/dev/null
}
# Packets that came back: what reached the outside's interface.
oneway_back() { outside nft list chain netdev diode back | sed -n 's/.*packets \([0-9]*\).*/\1/p'; }
# What the inside tried to send.
oneway_tried() { inside nft list chain netdev diode back | sed -n 's/.*packets \([0-9]*\).*/\1/p'; }
# oneway_loss RULE: such as "numgen random mod 100 < 5"; without one, nothing is lost
oneway_loss() {
	inside nft flush chain netdev diode loss
	[ $# = 0 ] || inside nft add rule netdev diode loss $1 counter drop
}
oneway_lost() { inside nft list chain netdev diode loss | sed -n 's/.*packets \([0-9]*\).*/\1/p'; }
