#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The command line of ephstat where no module is needed: usage, refusals, exit codes.
#
# usage: cli.sh [EPHSTAT]

ephstat=${1:-$(dirname "$0")/../../ephstat/ephstat}
n=0
failed=0

ok()
{
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n $2"
	else
		echo "not ok $n $2"
		failed=1
	fi
}

# exits CODE PATTERN ARGS...: exit code, and a pattern in what is written.
exits()
{
	want=$1 pattern=$2
	shift 2
	out=$("$ephstat" "$@" 2>&1)
	got=$?
	if [ "$got" = "$want" ] && printf '%s\n' "$out" | grep -q -e "$pattern"; then
		ok 0 "ephstat $*"
	else
		echo "# exit code $got instead of $want, or no \"$pattern\" in: $out"
		ok 1 "ephstat $*"
	fi
}

echo "KTAP version 1"

exits 0 '^Usage: ephstat' --help
exits 0 '^Usage: ephstat' list -h
exits 0 '^ephstat 0\.1\.0$' -V
exits 2 'there is no option -x' -x
exits 2 'there is no option -x' -txj list
exits 2 'there is no option --frob' --frob
exits 2 '--net takes an argument' list -N
exits 2 '--json takes no argument' --json=yes
exits 2 'there is no command "frob"' frob
exits 2 'ephstat list' state established
exits 2 'takes no "now"' resync now
exits 2 '--all-netns does not go with summary' -A
exits 2 '--tcp does not go with resync' resync -t
exits 2 'exclude each other' list -A -N 1
exits 2 '"or"' list sport = :1 or sport = :2
exits 2 '"("' list '( sport = :1 )'
exits 2 '"foo"' -j list -t state foo
exits 1 'there is no network namespace "nowhere"' list -N nowhere
exits 1 'is not a network namespace' list -N /proc/self/ns/mnt
exits 1 'is not a network namespace' list -N /dev/null
exits 1 'cannot open' list -N /nowhere/at/all

"$ephstat" -h >/dev/full 2>/dev/null
[ $? = 1 ]
ok $? "a full disk is an error"

if [ ! -e /sys/module/ephports ]; then
	exits 3 'modprobe ephports' list
	exits 3 'modprobe ephports' -j
	exits 3 'modprobe ephports' resync
	exits 3 'modprobe ephports' list -N /proc/self/ns/net
	exits 3 'modprobe ephports' -t -4 -n -p -H list state established -N $$
fi

echo "1..$n"
exit $failed
