# SPDX-License-Identifier: GPL-2.0-or-later
"""The few XDP programs of the tests, as instructions, and the system call that loads them."""

import ctypes
import errno
import os
import platform
import struct

# System call number; commands and types of linux/bpf.h.
SYSCALL = {"x86_64": 321, "aarch64": 280}[platform.machine()]
MAP_CREATE, MAP_LOOKUP, PROG_LOAD, OBJ_PIN, OBJ_GET = 0, 1, 5, 6, 7
MAP_ARRAY, PROG_XDP, PSEUDO_MAP_FD = 2, 6, 1
ACTIONS = {"aborted": 0, "drop": 1, "pass": 2, "tx": 3, "redirect": 4}
HELPER_LOOKUP, HELPER_REDIRECT = 1, 23
# Local experimental: only frames of this type are counted and treated, all others pass.
ETHERTYPE = 0x88B5

R0, R1, R2, R3, R4, R5, R6, R10 = 0, 1, 2, 3, 4, 5, 6, 10
MOV_IMM, MOV, ADD_IMM, CALL, EXIT = 0xB7, 0xBF, 0x07, 0x85, 0x95
LOAD32, LOAD16, STORE16, STORE32_IMM, ADD64_ATOMIC, LOAD_IMM64 = 0x61, 0x69, 0x6B, 0x62, 0xDB, 0x18
JUMP_EQUAL, JUMP_NOT_EQUAL, JUMP_GREATER = 0x15, 0x55, 0x2D


def _bpf(command, attributes):
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(attributes, max(len(attributes), 128))
    result = libc.syscall(SYSCALL, command, buffer, len(buffer))
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"bpf command {command}: {os.strerror(number)}")
    return result


def _code(operation, target=0, source=0, offset=0, immediate=0):
    return struct.pack("<BBhi", operation, target | source << 4, offset, immediate)


def _program(action, counter, ifindex):
    """Counts and treats the frames of our type; sends back with the two addresses exchanged."""
    act = b""
    if action in ("tx", "redirect"):
        for half in (0, 2, 4):
            act += (_code(LOAD16, R4, R2, half) + _code(LOAD16, R5, R2, 6 + half) +
                    _code(STORE16, R2, R5, half) + _code(STORE16, R2, R4, 6 + half))
    act += (_code(STORE32_IMM, R10, 0, -4, 0) + _code(MOV, R2, R10) + _code(ADD_IMM, R2, 0, 0, -4) +
            _code(LOAD_IMM64, R1, PSEUDO_MAP_FD, 0, counter) + _code(0) +
            _code(CALL, 0, 0, 0, HELPER_LOOKUP) + _code(JUMP_EQUAL, R0, 0, 2, 0) +
            _code(MOV_IMM, R1, 0, 0, 1) + _code(ADD64_ATOMIC, R0, R1, 0, 0))
    if action == "redirect":
        act += (_code(MOV_IMM, R1, 0, 0, ifindex) + _code(MOV_IMM, R2, 0, 0, 0) +
                _code(CALL, 0, 0, 0, HELPER_REDIRECT) + _code(EXIT))
    else:
        act += _code(MOV_IMM, R0, 0, 0, ACTIONS[action]) + _code(EXIT)
    count = len(act) // 8
    wire_type = int.from_bytes(ETHERTYPE.to_bytes(2, "big"), "little")
    return (_code(MOV, R6, R1) + _code(LOAD32, R2, R6, 0) + _code(LOAD32, R3, R6, 4) +
            _code(MOV, R4, R2) + _code(ADD_IMM, R4, 0, 0, 14) +
            _code(JUMP_GREATER, R4, R3, count + 2) + _code(LOAD16, R4, R2, 12) +
            _code(JUMP_NOT_EQUAL, R4, 0, count, wire_type) + act +
            _code(MOV_IMM, R0, 0, 0, ACTIONS["pass"]) + _code(EXIT))


def _pin(descriptor, path):
    name = ctypes.create_string_buffer(path.encode())
    _bpf(OBJ_PIN, struct.pack("<QI", ctypes.addressof(name), descriptor))


def load(action, path, ifindex):
    """Loads the program of an action and pins it at path, its counter at path_count."""
    counter = _bpf(MAP_CREATE, struct.pack("<IIII", MAP_ARRAY, 4, 8, 1))
    code = ctypes.create_string_buffer(_program(action, counter, ifindex))
    licence = ctypes.create_string_buffer(b"GPL")
    log = ctypes.create_string_buffer(1 << 16)
    try:
        program = _bpf(PROG_LOAD, struct.pack(
            "<IIQQIIQ", PROG_XDP, (len(code) - 1) // 8, ctypes.addressof(code),
            ctypes.addressof(licence), 1, len(log), ctypes.addressof(log)))
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EINVAL):
            raise OSError(error.errno, log.value.decode(errors="replace")) from None
        raise
    _pin(program, path)
    _pin(counter, path + "_count")


def count(path):
    """How many frames the program at path has treated."""
    name = ctypes.create_string_buffer((path + "_count").encode())
    counter = _bpf(OBJ_GET, struct.pack("<QI", ctypes.addressof(name), 0))
    key, value = ctypes.c_uint32(0), ctypes.c_uint64(0)
    _bpf(MAP_LOOKUP, struct.pack("<I4xQQ", counter, ctypes.addressof(key), ctypes.addressof(value)))
    os.close(counter)
    return value.value
