#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The pair of adapters carries traffic at all.
# timeout: 60

echo "TAP version 13"
echo "1..2"
status=0
if ping -c 3 -i 0.2 -W 2 "$REMOTE_V4"; then
	echo "ok 1 ping over IPv4"
else
	echo "not ok 1 ping over IPv4"
	status=1
fi
if ping -6 -c 3 -i 0.2 -W 2 "$REMOTE_V6"; then
	echo "ok 2 ping over IPv6"
else
	echo "not ok 2 ping over IPv6"
	status=1
fi
exit $status
