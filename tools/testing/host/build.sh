#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The build is free of warnings, says in one line what it lacks, and knows kernels in one place alone.
set -u
cd "$(dirname "$0")/../../.." || exit 1
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
number=0

result() { # result CODE NAME [TEXT]
	number=$((number + 1))
	[ "$1" = 0 ] || printf '%s\n' "${3-}" | sed 's/^/# /'
	echo "$([ "$1" = 0 ] || echo 'not ')ok $number $2"
}

# A copy that nothing is built in yet.
fresh() {
	rm -rf "${copy:?}"/*
	git ls-files -z -co --exclude-standard | xargs -0 cp --parents -t "$copy" 2>/dev/null
}

one_line_with() { # one_line_with WORDS COMMAND...
	local words=$1 text
	shift
	text=$("$@" 2>&1) && return 1
	text=$(printf '%s\n' "$text" | grep -v '^make\(\[[0-9]*\]\)\?: \(Entering\|Leaving\|\*\*\* \[\)')
	[ "$(printf '%s\n' "$text" | wc -l)" = 1 ] && printf '%s\n' "$text" | grep -q "$words"
}

echo "KTAP version 1"
echo "1..7"

fresh
text=$("$copy/scripts/build-module" 6.1 W=1 C=2 2>&1 >/dev/null)
code=$?
warnings=$(printf '%s\n' "$text" | grep -E 'warning|error')
[ $code = 0 ] && [ -z "$warnings" ]
result $? "module builds without a warning of gcc (W=1) or sparse (C=2)" "$text"

text=$(make -C "$copy/tools/ephstat" 2>&1) && ! printf '%s\n' "$text" | grep -q warning
result $? "ephstat builds without a warning" "$text"

one_line_with 'apt install linux-headers-9.9' make -C "$copy" module KVER=9.9
result $? "missing kernel headers are told in one line with the package"

one_line_with 'apt install gcc' make -C "$copy" module KDIR=/ CC=no-such-compiler
result $? "a missing compiler is told in one line with the package"

make -s -C "$copy/tools/ephstat" clean
one_line_with 'libmnl-dev' env PKG_CONFIG_LIBDIR=/nowhere make -C "$copy/tools/ephstat"
result $? "a missing library is told in one line with the package"

elsewhere=$(grep -nE 'LINUX_VERSION_CODE|KERNEL_VERSION\(|IS_(ENABLED|BUILTIN|MODULE|REACHABLE)\(|\bCONFIG_' module/*.[ch] |
	grep -v '^module/compat\.h:')
[ -z "$elsewhere" ] && grep -q LINUX_VERSION_CODE module/compat.h
result $? "kernel versions and options are asked for in compat.h alone" "$elsewhere"

# A string stays whole, for whoever looks for what it says.
long=$(git ls-files '*.c' '*.h' | while read -r file; do
	expand "$file" | grep -nE '^[^"]{101,}$' | sed "s|^|$file:|"
done)
[ -z "$long" ]
result $? "no line of C is longer than 100 columns" "$long"
