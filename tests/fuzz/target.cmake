# SPDX-License-Identifier: GPL-2.0-or-later
#
# fuzz_NAME of the sources given, a libFuzzer program; its corpus is corpus/NAME next to the caller.
function(openena_fuzz_target name)
    cmake_parse_arguments(arg "" "" "LIBRARIES" ${ARGN})
    add_executable(fuzz_${name} ${arg_UNPARSED_ARGUMENTS})
    target_link_libraries(fuzz_${name} PRIVATE openena_flags ${arg_LIBRARIES})
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
endfunction()
