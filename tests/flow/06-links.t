#!/bin/bash
# Each program links what deploy/links.txt allows; parsers are in workers only.
exec tests/links
