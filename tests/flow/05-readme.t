#!/bin/bash
# What README.md says of programs, users and filters is what deploy/ and the build
# have.
. tests/lib/tap.sh
BUILD=${BUILD:-build}
table() { sed -n 's/^| \(limpid-[a-z-]*\) | \([a-z-]*\) | \([a-z-]*\.policy\) |.*/\1 \2 \3/p' README.md; }
while read -r program user filter; do
	[ -x "$BUILD/bin/$program" ]
	ok $? "$program is built"
	grep -q "$user" deploy/limpid-init
	ok $? "$user is made by limpid init"
	[ -f "deploy/seccomp/$filter" ]
	ok $? "$filter is shipped"
done < <(table)
for policy in deploy/seccomp/*.policy; do
	grep -q "${policy##*/}" README.md
	ok $? "README.md names ${policy##*/}"
done
for unit in deploy/units/*.service; do
	program=$(sed -n 's|^ExecStart=.*/\([a-z-]*\).*|\1|p' "$unit")
	grep -q "^| $program |" README.md
	ok $? "${unit##*/} starts a program of the table"
done
# Where both ends run on one host no datagram may come before its socket stands.
grep -q '^After=.*limpid-diode-recv@%i\.service' deploy/units/limpid-diode-send@.service
ok $? 'a sender starts behind the receiver of its link'
for package in $(sed -n 's/^build *\([^ ]*\).*/\1/p' deploy/packages.txt); do
	[ "$(sed -n "s/^[a-z]* *\($package\)\( .*\)\{0,1\}$/\1/p" deploy/packages.txt | wc -l)" = 1 ]
	ok $? "$package is listed once"
done
for script in tests/flow/*.t tests/sandbox/*.t; do
	grep -q "^\* \`${script##*/}\`: ." tests/README.md
	ok $? "tests/README.md has a line for ${script##*/}"
done
for named in $(sed -n 's/^\* `\([0-9a-z-]*\.t\)`.*/\1/p' tests/README.md); do
	ls tests/*/"$named" >/dev/null 2>&1
	ok $? "and its $named is there"
done
done_testing
