# SPDX-License-Identifier: GPL-2.0-only
# ephports: what "make help" prints is all there is. Kbuild, beside this file, lists the module's
# objects; W=1 and C=2 pass through to it.

KVER	?= $(shell uname -r)
KDIR	?= /lib/modules/$(KVER)/build

all: module tools

# One line, with the package to install; $(error) stops make without a word of its own.
missing_compiler = $(if $(shell command -v $(firstword $(CC))),,\
	$(error no compiler "$(CC)": apt install gcc))
missing_headers	 = $(if $(wildcard $(KDIR)/Makefile),,\
	$(error no kernel headers in $(KDIR): apt install linux-headers-$(KVER), or give KVER= or KDIR=))

module:
ifdef KERNEL
	scripts/build-module $(KERNEL) $(foreach v,W C V EPHPORTS_DEBUG_INFO,$(if $($v),$v=$($v)))
else
	$(call missing_compiler)$(call missing_headers)$(MAKE) -C $(KDIR) M=$(CURDIR) modules
endif

tools:
	$(MAKE) -C tools/ephstat

# Where modprobe finds it. Unsigned: only Debian has the key that its headers name. The kernel's build
# leaves depmod out where there is no System.map, as in Debian's headers; a package runs it later.
install: all
	$(if $(KERNEL),$(error install is for KVER= or KDIR=; KERNEL= builds in build/$(KERNEL) alone))
	$(MAKE) -C $(KDIR) M=$(CURDIR) CONFIG_MODULE_SIG_ALL= INSTALL_MOD_PATH=$(DESTDIR) modules_install
	$(if $(DESTDIR),,depmod $(KVER))
	$(MAKE) -C tools/ephstat install

# By hand, so that it needs no kernel headers. A tree built as root is cleaned by root.
clean:
	$(MAKE) -C tools/ephstat clean
	$(MAKE) -C tools/bench clean
	$(MAKE) -C tools/testing/storm clean
	$(MAKE) -C tools/testing/unit clean
	rm -rf build
	rm -f *.o *.ko *.mod *.mod.c .*.cmd modules.order Module.symvers
	rm -f module/*.o module/.*.cmd

shell: ready
	@scripts/guest --shell

demo:
	@scripts/demo

# RECORD=1 has targets write down what came out: into README, or tools/bench/results.
record = $(if $(RECORD),--record)
# PART=1/2 and then PART=2/2 have them do in two goes what takes too long for one.
part = $(if $(PART),--part $(PART))

incidents: ready
	@scripts/incidents $(record)

# What depends most on the kernel, on those that not all tests run on.
short = ways_in ways_out missed_probes storm load_cycles stream who

# In a variable: what stands in $(or ) itself, it divides at commas.
kernels = 6.1,5.10,6.12,7.2

# Fewer operations than check-all makes, because it is to run on each change.
check: ready
	@EPHPORTS_OPS=8000 tools/testing/run --kernel $(or $(KERNEL),$(kernels)) --rest "$(short)"

check-all: ready
	@tools/testing/run --kernel $(or $(KERNEL),$(kernels)) $(part) $(record)

# Fewer operations than usual, because they take ten times as long.
check-debug: ready
	@EPHPORTS_OPS=5000 EPHPORTS_CYCLES=10 tools/testing/run --kernel debug $(part) $(record)

check-long: ready
	@tools/testing/long --kernel $(or $(KERNEL),6.1) $(record)

bench: ready
	@tools/bench/run --kernel $(or $(KERNEL),6.1) $(record)

bench-check: ready
	@tools/bench/run --kernel $(or $(KERNEL),6.1) --check

ready:
	@scripts/setup

help:
	@echo 'make                 ephports.ko, for the running kernel, and tools/ephstat/ephstat'
	@echo 'make KVER=RELEASE    for another installed kernel; KDIR=DIR for another header tree'
	@echo 'make module          the module alone; W=1 C=2 for more warnings and sparse'
	@echo 'make module KERNEL=SERIES'
	@echo '                     for 5.10, 6.1, 6.12 or 7.2 with that Debian release'\''s compiler,'
	@echo '                     in build/SERIES (as root)'
	@echo 'EPHPORTS_DEBUG_INFO=y'
	@echo '                     keeps the module'\''s debug information (15 MB)'
	@echo 'make tools           ephstat alone'
	@echo 'make install         both where modprobe and the shell find them; DESTDIR=DIR for a package'
	@echo 'make clean           remove what was built'
	@echo
	@echo 'As root, on Debian; these install the tools that are missing, and say which:'
	@echo 'make demo            real programs in a virtual machine, and what ephports says of them'
	@echo 'make incidents       what people are woken by, made in a virtual machine, and what'
	@echo '                     ephports says of it'
	@echo 'make shell           a shell in a virtual machine with Linux 6.1'
	@echo 'make check           the tests, on 6.1, and those that depend most on the kernel on the others,'
	@echo '                     with fewer operations; KERNEL=SERIES: all tests, on that one'
	@echo 'make check-all       all tests, on every supported kernel'
	@echo 'make check-debug     the tests, on a kernel with KASAN, lockdep, kmemleak and fault'
	@echo '                     injection, which is built first'
	@echo 'make check-long      storms of a million operations, 1,000 times loading and unloading'
	@echo 'make bench           what ephports costs in instructions, beside what others cost'
	@echo 'make bench-check     fails if it costs more than the last release (tools/bench/results)'
	@echo 'RECORD=1             has check-all, check-debug, check-long and incidents write what came'
	@echo '                     out into README.md, and bench into tools/bench/results'
	@echo 'PART=1/2             has check-all and check-debug run half of the cases; then PART=2/2'

.PHONY: all module tools install clean shell demo incidents check check-all check-debug check-long \
	bench bench-check ready help
