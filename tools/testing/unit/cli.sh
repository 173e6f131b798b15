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
exits 2 'takes some of assigned' watch --kinds assigned,frob
exits 2 'exclude each other' watch --unusual --kinds failed
exits 2 'does not go with list' list --kinds failed
exits 2 'takes the directory' log
exits 2 'takes a size' log /tmp --size 5x
exits 2 'takes a time' log /tmp --age 0
exits 2 'takes a number' log /tmp --keep many
exits 2 'is not supported in a filter' log /tmp frob
exits 1 'cannot open the log' watch --log /nowhere
exits 1 'cannot open the log' who 40000 --log /nowhere
exits 2 'exclude each other' map -j --svg
exits 2 '--svg does not go with list' list --svg
exits 2 'takes no "now"' map now
exits 2 'top -b' top
exits 2 'top -b' top -n 3
exits 2 'takes a number from 1 on, not "0"' top -b -n 0
exits 2 'takes a number from 1 on, not "x"' top -b -nx
exits 2 'takes a number from 1 on, not "x"' --delay 3 top -b -n x
exits 2 'takes a number from 1 on, not "x"' --del 3 top -b -n x
exits 2 'takes seconds, from 0.1 to 86400, not "0"' top -b -d 0
exits 2 'takes seconds, from 0.1 to 86400, not "nan"' top -b --delay nan
exits 2 '"foo"' top -b state foo
exits 2 'has no JSON' -j top -b
exits 2 '--batch does not go with list' list -b
exits 2 '--delay does not go with why' why -d 1
exits 2 'is no address' why frob
exits 2 'is no address' why 1.2.3
exits 2 '"frob"' why state frob
exits 2 '--top takes' dest --top 0
exits 2 '--top takes' dest --top 1025
exits 2 '--top takes' owners --top 5x
exits 2 '--top does not go with list' list --top 5
exits 2 '--by takes process' owners --by pid
exits 2 '--by does not go with dest' dest --by uid
exits 2 'sets no threshold' alerts --set frob=5
exits 2 'exclude each other' alerts --set notice=50 --follow
exits 2 '--follow does not go with list' list --follow
exits 2 '"state" is no port' thief state
exits 2 'is no number of a picture' blackbox one
exits 2 'takes one number' blackbox 1 2
exits 2 'takes no "tcp"' failures tcp
exits 2 'takes one port' who
exits 2 'takes one port' who 1 2
exits 2 '"0" is no port' who 0
exits 2 '"5-4" is no port' who 5-4
exits 2 '"65536" is no port' who 65536
exits 2 'is neither tcp nor udp' who 1 --proto sctp
exits 2 'does not go with list' list --proto tcp
exits 2 'is no time' who 1 --at noon
exits 2 'is yet to come' who 1 --since 2999-01-01
exits 2 'is before --since' who 1 --since -1m --until -2m
exits 2 'excludes' who 1 --at now --until now
exits 2 '"nowhere"' who 1 --peer nowhere
exits 2 '--at does not go with list' list --at now
exits 2 '"frob" is not supported' dest frob
exits 3 '^EPHPORTS UNKNOWN - there is no option -x' check -x
exits 3 '^EPHPORTS UNKNOWN - -w x is no range' check -w x
exits 3 '^EPHPORTS UNKNOWN - --critical takes an argument' check -c
exits 3 '^EPHPORTS UNKNOWN - --json does not go' check -j
exits 3 '^EPHPORTS UNKNOWN - there is no network namespace' -N nowhere check
exits 3 '^EPHPORTS UNKNOWN - there is no network namespace "list"' -N list check
exits 3 '^EPHPORTS UNKNOWN - --since' check --since soon
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
	exits 3 'modprobe ephports' map
	exits 3 'modprobe ephports' top -b -n 1
	exits 3 'modprobe ephports' why
	exits 3 'modprobe ephports' why 10.0.0.9:443
	exits 3 'modprobe ephports' why 4711
	exits 3 'modprobe ephports' list -N /proc/self/ns/net
	for command in dest owners failures thief hist blackbox alerts 'who 43210 --at 14:03' 'alerts --follow'; do
		# shellcheck disable=SC2086 # a command and its option
		exits 3 '^ephstat: the ephports module is not loaded' $command
	done
	exits 3 '^EPHPORTS UNKNOWN - the ephports module is not loaded' check
	exits 3 'modprobe ephports' -t -4 -n -p -H list state established -N $$
fi

echo "1..$n"
exit $failed
