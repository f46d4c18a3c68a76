#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Run the tests named, one TAP result each, as the kernel's kselftest runner does.

status=0
number=0
cd "$(dirname "$0")" || exit 1
echo "TAP version 13"
echo "1..$#"
for test in "$@"; do
    number=$((number + 1))
    "./$test" 2>&1 | sed -u 's/^/# /'
    case ${PIPESTATUS[0]} in
    0) echo "ok $number $test" ;;
    4) echo "ok $number $test # SKIP" ;;
    *)
        echo "not ok $number $test"
        status=1
        ;;
    esac
done
exit $status
