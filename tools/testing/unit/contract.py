#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Holds ephports.yaml against ephports.h: the same names, numbers, types and words."""
import os
import re
import sys

UAPI = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../uapi/linux")
ATTR_SETS = ["info", "protocol", "counter", "port", "filter", "dest", "owner", "failure", "hist",
             "box", "alert", "event", "who"]
DEFINITIONS = ["state", "origin", "reason", "blind", "hist", "level", "event"]

count = 0
failed = 0


def check(name, problems):
    """One test: passed if there are no problems."""
    global count, failed
    count += 1
    for problem in problems:
        print("#", problem)
    failed += bool(problems)
    print("not ok" if problems else "ok", count, name)


def words(text):
    return " ".join((text or "").split())


def header_enums(text):
    """Of each enum: its entries as {name: number}, and what kernel-doc says of them."""
    enums = {}
    for match in re.finditer(r"(/\*\*\n(?:(?!\*/).)*\*/\n)?enum ephports_(\w+) \{(.*?)\};", text, re.S):
        comment, name, body = match.groups()
        lines = [re.sub(r"^ \*[ ]?", "", line) for line in (comment or "").splitlines()]
        docs, current = {}, None
        for line in lines:
            start = re.match(r"@(\w+): (.*)", line)
            if start:
                current = start[1]
                docs[current] = start[2]
            elif line.startswith("\t") and current:
                docs[current] += " " + line.strip()
            elif not line.strip():
                current = None
        enums[name] = (entries(body), docs)
    return enums


def entries(body):
    numbers, following = {}, 0
    for entry in re.findall(r"^\t(\w+)(?:\s*=\s*([^,\n]+))?,?$", body, re.M):
        if entry[0].startswith("__") or entry[0].endswith("_MAX"):
            continue
        # Flags are written 1 << bit in the header and counted in bits in YAML.
        value = re.sub(r"^1 << ", "", entry[1]) or str(following)
        numbers[entry[0]] = int(value)
        following = int(value) + 1
    return numbers


def numbered(items, start):
    """YAML's entries as [(name, number, entry)]."""
    result = []
    for item in items:
        item = item if isinstance(item, dict) else {"name": item}
        start = item.get("value", start)
        result.append((item["name"], start, item))
        start += 1
    return result


def compare(prefix, header, yaml_items, start, typed):
    numbers, docs = header
    problems = []
    wanted = {name: n for name, n in numbers.items() if n >= start}
    found = {prefix + name.upper().replace("-", "_"): (n, item)
             for name, n, item in numbered(yaml_items, start)}
    if wanted != {name: n for name, (n, _) in found.items()}:
        problems.append(f"header {wanted}, YAML { {k: v[0] for k, v in found.items()} }")
        return problems
    for name, (_, item) in found.items():
        said = words(docs.get(name))
        kind = re.match(r"(string|flag|nest|binary|u8|u16|u32|u64)\b", said)
        if typed and kind and kind[1] != item["type"]:
            problems.append(f"{name}: header {kind[1]}, YAML {item['type']}")
        # The type stands before the words in the header, and apart from them in YAML.
        said = re.sub(r"^(string|flag|binary|u8|u16|u32|u64)([,;] |$)", "", said)
        if said != words(item.get("doc")):
            problems.append(f"{name}: header \"{said}\", YAML \"{words(item.get('doc'))}\"")
    return problems


def check_operations(sets, spec):
    unknown, silent = [], []
    for operation in spec["operations"]["list"]:
        known = [item["name"] for item in sets[operation["attribute-set"]]["attributes"]]
        sides = [side for half in ("do", "dump") for side in operation.get(half, {}).values()]
        sides += [operation["event"]] if "event" in operation else []
        unknown += [a for side in sides for a in side["attributes"] if a not in known]
        # Only what is sent unasked can come from a group.
        if ("mcgrp" in operation and "event" not in operation) or not sides:
            silent.append(operation["name"])
    check("operations use attributes that exist", unknown)
    check("every operation asks, answers or is an event", silent)


def check_groups(text, spec):
    named = re.findall(r'^#define EPHPORTS_\w+_GROUP\s+"(\w+)"', text, re.M)
    groups = [group["name"] for group in spec["mcast-groups"]["list"]]
    used = [op["mcgrp"] for op in spec["operations"]["list"] if "mcgrp" in op]
    check("multicast groups", [] if named == groups == used else [(named, groups, used)])


def main():
    print("KTAP version 1")
    try:
        import yaml
    except ImportError:
        print("1..1\nok 1 contract # SKIP python3-yaml is not installed")
        return 0
    with open(os.path.join(UAPI, "ephports.h"), encoding="utf-8") as file:
        text = file.read()
    header = header_enums(text)
    with open(os.path.join(UAPI, "ephports.yaml"), encoding="utf-8") as file:
        spec = yaml.safe_load(file)

    definitions = {item["name"]: item for item in spec["definitions"]}
    sets = {item["name"]: item for item in spec["attribute-sets"]}
    for name in DEFINITIONS:
        check(f"enum {name}", compare(f"EPHPORTS_{name.upper()}_", header[name],
                                      definitions[name]["entries"], 0, False))
    for name in ATTR_SETS:
        check(f"attributes {name}", compare(f"EPHPORTS_A_{name.upper()}_", header["a_" + name],
                                            sets[name]["attributes"], 1, name != "counter"))
    commands = [{"name": op["name"], "value": op["value"]} for op in spec["operations"]["list"]]
    check("commands", compare("EPHPORTS_CMD_", header["cmd"], commands, 1, False))
    check("every enum of the header is in YAML",
          sorted(set(header) - set(DEFINITIONS) - {"a_" + s for s in ATTR_SETS} - {"cmd"}))
    check_operations(sets, spec)
    check_groups(text, spec)
    print(f"1..{count}")
    return 1 if failed else 0


sys.exit(main())
