#!/bin/bash
# An attacker in the jail of worker-scan, which has a /tmp of its own and no other file: no
# forbidden act succeeds, nothing can be read, and no child sees what another one wrote.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/attempts.sh
attempts worker-evil-scan worker-scan --tmp
