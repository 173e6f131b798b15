# SPDX-License-Identifier: GPL-2.0
# bash completion for ephstat(8)

_ephstat_list()	# the last of a comma-separated list of words
{
	local done=""

	[[ $cur == *,* ]] && done=${cur%,*},
	mapfile -t COMPREPLY < <(compgen -P "$done" -W "$1" -- "${cur##*,}")
	compopt -o nospace
}

_ephstat_netns()
{
	local names=() path

	for path in /run/netns/*; do
		[[ -e $path ]] && names+=("${path##*/}")
	done
	mapfile -t COMPREPLY < <(compgen -W "${names[*]}" -- "$cur")
	[[ $cur == */* ]] && mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}

_ephstat()
{
	local commands="summary list dest owners failures thief who hist blackbox alerts watch log check why top map resync"
	local options="--tcp --udp --ipv4 --ipv6 --net --all-netns --json --no-header --numeric
		--processes --cgroup --svg --delay --batch --iterations --top --by --set --follow
		--kinds --unusual --log --size --age --keep --max-total
		--warning --critical --since --until --at --peer --proto
		--help --version"
	local filters="state exclude src dst sport dport origin pid uid and"
	local states="established syn-sent syn-recv fin-wait-1 fin-wait-2 time-wait close-wait
		last-ack closing listen bound bound-inactive unconnected unknown
		all connected synchronized bucket big listening closed"
	local origins="connect bind listen send explicit accept unknown"
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local command="" i

	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ " $commands " == *" ${COMP_WORDS[i]} "* ]] && command=${COMP_WORDS[i]} && break
	done

	case $prev in
	-N | --net)
		_ephstat_netns
		return
		;;
	state | exclude)
		_ephstat_list "$states"
		return
		;;
	origin)
		_ephstat_list "$origins"
		return
		;;
	--proto)
		mapfile -t COMPREPLY < <(compgen -W "tcp udp" -- "$cur")
		return
		;;
	--by)
		mapfile -t COMPREPLY < <(compgen -W "process command uid cgroup netns" -- "$cur")
		return
		;;
	--set)
		_ephstat_list "notice= warning= critical= clear="
		return
		;;
	--kinds)
		_ephstat_list "assigned time-wait released failed found dropped"
		return
		;;
	--log | log)
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return
		;;
	uid)
		mapfile -t COMPREPLY < <(compgen -u -- "$cur")
		return
		;;
	src | dst | sport | dport | pid | --top | -w | --warning | -c | --critical | --since | --until | \
		--at | --peer | --size | --age | --keep | --max-total | -d | --delay | --iterations)
		return
		;;
	esac

	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
	elif [[ -z $command ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$cur")
	elif [[ $prev == top ]]; then
		mapfile -t COMPREPLY < <(compgen -W "destinations owners failures $filters" -- "$cur")
	elif [[ $command == list || $command == why || $command == top || $command == dest || $command == owners ||
		$command == watch || $command == log ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$filters" -- "$cur")
	fi
}

complete -F _ephstat ephstat
