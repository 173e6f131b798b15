#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A kernel whose functions have other signatures than the probes expect does not get the module.
set -u
cd "$(dirname "$0")/../../.." || exit 1
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT

echo "KTAP version 1"
echo "1..2"

# What stands in the tables of the probes, by name; two kernels' names for one function.
hooked=$(sed -n -e 's/.*RETURN_PROBE("\([a-z_]*\)".*/\1/p' -e 's/^\t{ "\([a-z_]*\)",.*/\1/p' module/probe_*.c |
	grep -vx canary
sed -n 's/^#define EPHPORTS_HASHDANCE\t"\([a-z_]*\)"/\1/p' module/compat.h)
asserted=$(sed -n 's/^static_assert(__same_type(&\([a-z_]*\),.*/\1/p' module/probe_*.c module/compat.h)
missing=$(comm -23 <(sort -u <<<"$hooked") <(sort -u <<<"$asserted"))
[ "$(wc -l <<<"$hooked")" -ge 10 ] && [ -z "$missing" ]
code=$?
[ $code = 0 ] || echo "# not asserted: $missing"
echo "$([ $code = 0 ] || echo 'not ')ok 1 every probed function has its signature asserted"

# Each is expected to take one argument more: the compiler has to object to every one of them.
git ls-files -z -co --exclude-standard | xargs -0 cp --parents -t "$copy" 2>/dev/null
sed -i '/^static_assert(__same_type/,/NULL)/s/(\*)(\(struct\|const\)/(*)(int, \1/' \
	"$copy"/module/probe_*.c "$copy/module/compat.h"
text=$("$copy/scripts/build-module" 6.1 -k module/probe_return.o module/probe_hook.o 2>&1 >/dev/null)
code=$?
# The hand-over has one name here, and __inet_hash_connect() one assertion.
wanted=$(sort -u <<<"$asserted" | grep -cvx inet_twsk_hashdance_schedule)
# What stands in a header is objected to in each file.
found=$(grep -E 'error: static assertion failed' <<<"$text" | sort -u | wc -l)
[ $code != 0 ] && [ "$wanted" = "$found" ]
code=$?
[ $code = 0 ] || { echo "# $found of $wanted objected to"; printf '%s\n' "$text" | sed 's/^/# /'; }
echo "$([ $code = 0 ] || echo 'not ')ok 2 another signature fails the build, for each of them"
