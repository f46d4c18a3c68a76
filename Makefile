# SPDX-License-Identifier: GPL-2.0-or-later
# Every target is a thin call of one of scripts/; "make help" lists them.

DRIVER ?= openena
KVER ?= 6.12
ACCEL ?= auto
QUEUES ?= 2
MTU ?= 9001

vm_options = --driver '$(DRIVER)' --kver '$(KVER)' --accel '$(ACCEL)' --queues '$(QUEUES)' --mtu '$(MTU)'

FUZZ_SECONDS ?= 8
export FUZZ_SECONDS AGAIN

.PHONY: help run run-nested shell check check-host check-fuzz check-vm check-clients check-qemu check-dpdk \
	check-asan-qemu check-debian13 check-guest check-debug check-linux-selftests check-packages check-image fuzz bench bench-nested lint setup tools plugin module doc deb clean distclean
.DEFAULT_GOAL := help

help:
	@echo 'make run            boot a Linux guest on the adapter, show it, leave you in its shell'
	@echo 'make shell          the guest shell at once'
	@echo 'make run-nested     a guest in the guest, with a virtual function of its own'
	@echo 'make check          every test; the last line counts them. AGAIN=1: also those that passed before'
	@echo '                    and that nothing has changed for'
	@echo '  make check-host     the cores, in ordinary processes, under sanitizers'
	@echo '  make check-fuzz     both cores against any input, FUZZ_SECONDS (8) a target'
	@echo '  make check-qemu     the adapter in QEMU, without a guest'
	@echo '  make check-vm       our driver on our adapter, in the test VM'
	@echo '  make check-clients  drivers that are not ours on our adapter'
	@echo 'make check-dpdk     DPDK on our adapter; minutes'
	@echo 'make check-asan-qemu  the adapter in a QEMU under sanitizers, which it builds; by name only'
	@echo 'make check-debian13  the adapter on the QEMU of Debian 13, which it unpacks; minutes, as root'
	@echo 'make check-guest    all selftests of our driver, also slow ones, on the kernels KVER; by name only'
	@echo 'make check-debug    the same on a kernel with KASAN, lockdep, kmemleak; it builds one; by name only'
	@echo 'make check-linux-selftests  the selftests of Linux itself; an hour or more'
	@echo 'make check-packages  the Debian packages, in a root and a VM of their own; minutes, as root'
	@echo 'make check-image    a cloud image, which it makes, by BIOS and UEFI; many minutes, as root'
	@echo 'make fuzz           look for inputs that break a core; TARGET=..., SECONDS=60'
	@echo 'make bench          compare the adapter and both drivers with e1000e, igb, vmxnet3 and virtio-net'
	@echo '                    in one guest: throughput, latency, instructions; about 20 minutes, alone on'
	@echo '                    the machine; BENCH= options of tools/openena-bench, results in build/bench/'
	@echo 'make bench-nested   a guest in the guest: an assigned virtual function against virtio-net on a bridge'
	@echo 'make lint           formatting and static analysis'
	@echo 'make setup          install the Debian packages that all of this needs'
	@echo 'make tools          the program "openena" and its manual pages (build/tools/)'
	@echo 'make plugin         the adapter for this QEMU (build/plugin/)'
	@echo 'make module         the driver for KVER (build/kmod/)'
	@echo 'make doc            the documentation as HTML (build/doc/)'
	@echo 'make deb            Debian packages for this release and its QEMU (build/deb/)'
	@echo 'make clean          remove what was built from this tree'
	@echo 'make distclean      remove also kernels, root file systems and QEMU headers'
	@echo
	@echo 'Variables of run and shell: DRIVER=openena|ena, KVER=6.12|6.1|newest, ACCEL=auto|kvm|tcg,'
	@echo '  QUEUES=1..32, MTU=128..9001. KVER also goes with module.'

# A guest in the guest, which has a virtual function of the adapter.
run-nested:
	@scripts/run test --driver '$(DRIVER)' --kver '$(KVER)' --accel '$(ACCEL)' --iommu --memory 3G \
		--with nested --device-options sriov-vfs=2 selftests/nested.sh

run shell:
	@scripts/run $@ $(vm_options)

# AGAIN=1: also what passed before and cannot have changed.
check:
	@scripts/setup host fuzz qemu kernel vm clients
	@scripts/check host fuzz qemu vm clients

check-host:
	@scripts/setup host
	@scripts/check host

check-fuzz:
	@scripts/setup fuzz
	@scripts/check fuzz

# By name only: it builds a QEMU.
check-asan-qemu:
	@scripts/setup host qemu kernel vm
	@scripts/check-asan-qemu

# By name only. PART= one of qemu, vm, sriov, sriov-ena
check-debian13:
	@scripts/setup host qemu kernel vm
	@scripts/check-debian13 $(PART)

# By name only: an hour a kernel. KVER= one or more of scripts/vm-kernel list, newest, or stock: Debian's kernel
# with what it has of checks. TESTS= some of selftests/.
check-guest:
	@scripts/setup host qemu kernel vm
	@KVER='$(KVER)' TESTS='$(TESTS)' scripts/check guest

# By name only: it builds a kernel, and that is slow.
check-debug:
	@scripts/setup host qemu kernel vm debug
	@KVER=debug TESTS='$(TESTS)' scripts/check guest

# TARGET= one of scripts/fuzz list, SECONDS= how long
fuzz:
	@scripts/setup fuzz
	@scripts/fuzz build
	@scripts/fuzz run --seconds '$(or $(SECONDS),60)' $(TARGET)

check-dpdk:
	@scripts/setup host qemu kernel vm
	@scripts/check dpdk

# Alone on the machine: what an assigned virtual function saves.
bench-nested:
	@scripts/setup host qemu kernel vm bench
	@scripts/bench-nested $(BENCH)

bench:
	@scripts/setup host qemu kernel vm bench
	@scripts/bench $(BENCH)

check-linux-selftests:
	@scripts/setup host qemu kernel vm linux
	@scripts/check-linux-selftests

check-qemu check-vm check-clients:
	@scripts/setup host qemu kernel vm $(filter clients,$(@:check-%=%))
	@scripts/check $(@:check-%=%)

check-image:
	@scripts/setup host qemu image
	@scripts/build-tools >/dev/null
	@scripts/build-plugin >/dev/null
	@tests/image/boot.py

lint:
	@scripts/setup host lint kernel doc
	@scripts/lint

setup:
	@scripts/setup

tools:
	@scripts/setup host
	@scripts/build-tools

plugin:
	@scripts/setup host qemu
	@scripts/build-plugin

module:
	@scripts/setup kernel
	@if [ '$(KVER)' = newest ]; then scripts/build-module-newest; else \
		release=$$(scripts/vm-kernel get '$(KVER)') && scripts/build-module "$$release"; fi

doc:
	@scripts/setup doc
	@scripts/build-doc

deb:
	@scripts/setup host qemu doc deb
	@scripts/build-deb

# PART= one of again, root, guest, remove
check-packages: deb
	@scripts/setup kernel vm packages
	@scripts/check-packages $(PART)

clean:
	rm -rf build/host build/host-asan build/fuzz build/fuzz-coverage build/kmod build/plugin build/tools \
		build/doc build/deb build/packages build/logs build/lint build/kept-results

distclean:
	rm -rf build
