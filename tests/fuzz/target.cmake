# SPDX-License-Identifier: GPL-2.0-or-later
#
# fuzz_NAME of the sources given; its corpus is corpus/NAME next to the caller. With
# OPENENA_FUZZ a libFuzzer program, otherwise a test that replays the corpus.
function(openena_fuzz_target name)
    cmake_parse_arguments(arg "" "" "LIBRARIES" ${ARGN})
    set(corpus ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name})
    add_executable(fuzz_${name} ${arg_UNPARSED_ARGUMENTS})
    target_link_libraries(fuzz_${name} PRIVATE openena_flags ${arg_LIBRARIES})
    if(OPENENA_FUZZ)
        target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    else()
        target_sources(fuzz_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/fuzz/replay.cc)
        add_test(NAME fuzz_${name}_corpus COMMAND fuzz_${name} ${corpus})
        set_tests_properties(fuzz_${name}_corpus PROPERTIES TIMEOUT 300)
    endif()
endfunction()
