#!/bin/bash
# An attacker in the jail of worker-office, which shows files and allows threads: no
# forbidden act succeeds, nothing but what is shown can be read, and no child sees what
# another one wrote.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/attempts.sh
attempts worker-evil-files worker-office --files
