#!/bin/bash
# An attacker who has taken the datagram front of limpid-diode-recv over, in its real
# jail: it opens, connects, sends and starts nothing.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
BUILD=${BUILD:-build}
case $BUILD in
*/trap* | */san) skip_all "the filter does not end a program in this build" ;;
esac
[ -x "$BUILD/tools/front-try" ] || skip_all "make tools builds $BUILD/tools/front-try"
exec "$BUILD/tools/front-try" deploy/seccomp/diode-front.policy
