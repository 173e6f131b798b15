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
	scripts/build-module $(KERNEL) $(foreach v,W C V,$(if $($v),$v=$($v)))
else
	$(call missing_compiler)$(call missing_headers)$(MAKE) -C $(KDIR) M=$(CURDIR) modules
endif

tools:
	$(MAKE) -C tools/ephstat

# By hand, so that it needs no kernel headers. A tree built as root is cleaned by root.
clean:
	$(MAKE) -C tools/ephstat clean
	$(MAKE) -C tools/testing/storm clean
	$(MAKE) -C tools/testing/unit clean
	rm -rf build
	rm -f *.o *.ko *.mod *.mod.c .*.cmd modules.order Module.symvers
	rm -f module/*.o module/.*.cmd

shell: ready
	@scripts/guest --shell

demo:
	@scripts/demo

check: ready
	@tools/testing/run

check-all: ready
	@tools/testing/run --kernel 5.10,6.1,6.12,7.2

ready:
	@scripts/setup

help:
	@echo 'make                 ephports.ko, for the running kernel, and tools/ephstat/ephstat'
	@echo 'make KVER=RELEASE    for another installed kernel; KDIR=DIR for another header tree'
	@echo 'make module          the module alone; W=1 C=2 for more warnings and sparse'
	@echo 'make module KERNEL=SERIES'
	@echo '                     for 5.10, 6.1, 6.12 or 7.2 with that Debian release'\''s compiler,'
	@echo '                     in build/SERIES (as root)'
	@echo 'make tools           ephstat alone'
	@echo 'make clean           remove what was built'
	@echo
	@echo 'As root, on Debian; these install the tools that are missing, and say which:'
	@echo 'make demo            real programs in a virtual machine, and what ephports says of them'
	@echo 'make shell           a shell in a virtual machine with Linux 6.1'
	@echo 'make check           the tests, on Linux 6.1'
	@echo 'make check-all       the tests, on every supported kernel'

.PHONY: all module tools clean shell demo check check-all ready help
