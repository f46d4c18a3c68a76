# SPDX-License-Identifier: GPL-2.0-or-later
# .cc in Kbuild. The flags are the kernel's own for this object (mitigations, tracing,
# sanitizers, stack protector, alignment) less the words that only C knows.
# Before the inclusion: kxx-src, the files, relative to kmod/; kxx-unity, the generated one.
CXX := $(subst clang,clang++,$(subst gcc,g++,$(CC)))

kxx-drop := -std=gnu% -std=c% -Wmissing-prototypes -Wstrict-prototypes -Wold-style-definition \
	-Wdeclaration-after-statement -Wno-pointer-sign -Wno-override-init% -Wjump-misses-init \
	-Werror=implicit-function-declaration -Werror=implicit-int -Werror=strict-prototypes \
	-Werror=incompatible-pointer-types -Werror=designated-init -Wno-shift-negative-value

# The compiler's freestanding headers, and never the C library of the build machine.
kxx-sys := $(shell $(CXX) -x c++ -E -Wp,-v /dev/null 2>&1 | sed -n \
	-e '/\/backward$$/d' -e 's,^ \(/.*/c++/.*\)$$,-isystem \1,p' \
	-e 's,^ \(/.*/gcc[^/]*/[^/]*/[0-9.]*/include\)$$,-isystem \1,p' \
	-e 's,^ \(/.*/clang/[0-9.]*/include\)$$,-isystem \1,p')

kxx-own := -std=gnu++20 -ffreestanding -fno-exceptions -fno-rtti -fno-threadsafe-statics \
	-fno-use-cxa-atexit -fcheck-new -fvisibility=hidden \
	-Wnon-virtual-dtor -Woverloaded-virtual -Wsuggest-override -Wold-style-cast \
	-Wextra-semi -Wzero-as-null-pointer-constant -Wredundant-decls
# Else the compiler calls libgcc for atomics.
kxx-own += $(if $(CONFIG_ARM64),-mno-outline-atomics)

# pahole cannot encode C++ references: line numbers only, unless asked for more
# (KXX_DEBUG=-gsplit-dwarf).
KXX_DEBUG ?= -g1

kxx-flags = -Wp,-MMD,$(depfile) -nostdinc -isystem $(src)/kmod/stub $(kxx-sys) \
	-include $(srctree)/include/linux/kconfig.h -I$(objtree)/include \
	$(filter-out $(kxx-drop) $(CC_FLAGS_DIALECT),$(_c_flags) $(modkern_cflags)) \
	$(kxx-own) $(KXX_DEBUG) $(CXXFLAGS_$(target-stem).o) $(basename_flags) $(modname_flags)

# A kernel without CONFIG_CONSTRUCTORS never runs a module's constructors; none unwinds C++.
kxx-forbid := $(if $(CONFIG_CONSTRUCTORS),,init_array|fini_array|ctors|dtors|)eh_frame|gcc_except_table|tbss|tdata
cmd_kxx_check = if $(OBJDUMP) -h $@ | grep -Eq ' \.($(kxx-forbid))'; then \
	echo >&2 "$@: needs run-time support that the kernel does not give:"; \
	$(OBJDUMP) -h $@ | grep -Eo ' \.($(kxx-forbid))[^ ]*' >&2; rm -f $@; exit 1; fi

quiet_cmd_cxx_o_cc = CXX $(quiet_modtag) $@
      cmd_cxx_o_cc = $(CXX) $(kxx-flags) -c -o $@ $< $(cmd_objtool)

define rule_cxx_o_cc
	$(call cmd_and_fixdep,cxx_o_cc)
	$(call cmd,kxx_check)
	$(call cmd,gen_objtooldep)
	$(call cmd,record_mcount)
endef

# Inline functions are in section groups, and from gcc 13 on each brings a section
# __patchable_function_entries of its own: of several of one name the kernel (seen on 6.12)
# makes several files of one name in sysfs, and the module does not load. Dissolve the groups.
kxx-ldflags := --force-group-allocation

# One translation unit: an inline function that two units emit becomes two COMDAT copies;
# the link drops one, and __mcount_loc or objtool's tables still name it: no link, or a
# warning when the module is loaded.
filechk_kxx_unity = printf '\#include "%s"\n' $(kxx-src)
$(obj)/$(kxx-unity): FORCE
	$(call filechk,kxx_unity)
targets += $(kxx-unity)
clean-files += $(kxx-unity)

$(obj)/%.o: $(obj)/%.cc FORCE
	$(call if_changed_rule,cxx_o_cc)
