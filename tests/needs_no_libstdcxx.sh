#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# needs_no_libstdcxx.sh CC NM ARCHIVE: fails if ARCHIVE cannot be linked by a C
# compiler, or has something to run before main().
set -eu

cc=$1 nm=$2 archive=$3
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

members=$(ar t "$archive" | wc -l)
if [ "$members" -eq 0 ]; then
	echo "$archive has no objects"
	exit 1
fi

runtime='^(_ZSt|_ZNSt|_ZNKSt|_ZN9__gnu_cxx|_ZN10__cxxabiv|_ZTVN10__cxxabiv|__cxa_|__gxx_personality|_Zn[wa]|_Zd[la])'
"$nm" -u "$archive" | awk '{ print $NF }' | sort -u >"$scratch/undefined"
if grep -E "$runtime" "$scratch/undefined" >"$scratch/found"; then
	echo "$archive needs the C++ runtime:"
	cat "$scratch/found"
	exit 1
fi

"$cc" -shared -Wl,-z,defs -o "$scratch/all.so" -Wl,--whole-archive "$archive" -Wl,--no-whole-archive

if "$nm" "$archive" | grep -E ' [tT] _GLOBAL__sub_I_'; then
	echo "$archive has static constructors"
	exit 1
fi
echo "$members objects, no C++ runtime"
