# SPDX-License-Identifier: GPL-2.0-or-later
"""The few BPF programs of the tests, as instructions, and the system call that loads them."""

import ctypes
import errno
import os
import platform
import struct

# System call number; commands and types of linux/bpf.h.
SYSCALL = {"x86_64": 321, "aarch64": 280}[platform.machine()]
MAP_CREATE, MAP_LOOKUP, MAP_UPDATE, PROG_LOAD, OBJ_PIN, OBJ_GET = 0, 1, 2, 5, 6, 7
MAP_ARRAY, MAP_XSK, PROG_TC, PROG_XDP, PSEUDO_MAP_FD = 2, 17, 3, 6, 1
XDP_HAS_FRAGS, XDP_DEVICE_BOUND = 1 << 5, 1 << 6
PSEUDO_KERNEL_FUNCTION = 2
ACTIONS = {"aborted": 0, "drop": 1, "pass": 2, "tx": 3, "redirect": 4, "invalid": 77}
HELPER_LOOKUP, HELPER_REDIRECT, HELPER_HEAD, HELPER_META, HELPER_TAIL = 1, 23, 44, 54, 65
HELPER_REDIRECT_MAP = 51
# Fields of the context of XDP, and of tc: data, its end, and the metadata before it.
XDP_DATA, XDP_END, XDP_META, XDP_QUEUE = 0, 4, 8, 16
TC_DATA, TC_META = 76, 140
METADATA = 0x0E7A0E7A
# Local experimental: only frames of this type, to one address, are counted and treated; others pass.
ETHERTYPE = 0x88B5

R0, R1, R2, R3, R4, R5, R6, R10 = 0, 1, 2, 3, 4, 5, 6, 10
MOV_IMM, MOV, ADD_IMM, CALL, EXIT = 0xB7, 0xBF, 0x07, 0x85, 0x95
LOAD32, LOAD16, STORE16, STORE32_IMM, ADD64_ATOMIC, LOAD_IMM64 = 0x61, 0x69, 0x6B, 0x62, 0xDB, 0x18
LOAD8, LOAD64, STORE64, STORE64_IMM = 0x71, 0x79, 0x7B, 0x7A
JUMP_EQUAL, JUMP_NOT_EQUAL, JUMP_GREATER, JUMP_NOT_EQUAL_32 = 0x15, 0x55, 0x2D, 0x56


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


def _add_one(counter):
    return (_code(STORE32_IMM, R10, 0, -4, 0) + _code(MOV, R2, R10) + _code(ADD_IMM, R2, 0, 0, -4) +
            _code(LOAD_IMM64, R1, PSEUDO_MAP_FD, 0, counter) + _code(0) +
            _code(CALL, 0, 0, 0, HELPER_LOOKUP) + _code(JUMP_EQUAL, R0, 0, 2, 0) +
            _code(MOV_IMM, R1, 0, 0, 1) + _code(ADD64_ATOMIC, R0, R1, 0, 0))


def _return(value):
    return _code(MOV_IMM, R0, 0, 0, value) + _code(EXIT)


def _adjust(helper, delta):
    return _code(MOV, R1, R6) + _code(MOV_IMM, R2, 0, 0, delta) + _code(CALL, 0, 0, 0, helper)


def _unless(condition, code):
    """Code that is left out when the condition, a jump without its distance, is true."""
    operation, target, source, immediate = condition
    return _code(operation, target, source, len(code) // 8, immediate) + code


def _swap_addresses():
    code = b""
    for half in (0, 2, 4):
        code += (_code(LOAD16, R4, R2, half) + _code(LOAD16, R5, R2, 6 + half) +
                 _code(STORE16, R2, R5, half) + _code(STORE16, R2, R4, 6 + half))
    return code


def _write_metadata():
    """Puts a word before the frame; without room for it, nothing."""
    store = (_code(LOAD32, R2, R6, XDP_META) + _code(LOAD32, R3, R6, XDP_DATA) + _code(MOV, R4, R2) +
             _code(ADD_IMM, R4, 0, 0, 4) +
             _unless((JUMP_GREATER, R4, R3, 0), _code(STORE32_IMM, R2, 0, 0, METADATA)))
    return _adjust(HELPER_META, -4) + _unless((JUMP_NOT_EQUAL, R0, 0, 0), store)


def _program(action, counter, target, address, ethertype):
    """
    Counts and treats the frames of a type to the address, of which it compares the last two bytes;
    sends back with the two addresses exchanged. The target of redirections is an interface, or for
    "xsk" a map of sockets.
    """
    act = _swap_addresses() if action in ("tx", "redirect") else b""
    act += _add_one(counter)
    if action == "redirect":
        act += (_code(MOV_IMM, R1, 0, 0, target) + _code(MOV_IMM, R2, 0, 0, 0) +
                _code(CALL, 0, 0, 0, HELPER_REDIRECT) + _code(EXIT))
    elif action == "xsk":
        act += (_code(LOAD32, R2, R6, XDP_QUEUE) + _code(LOAD_IMM64, R1, PSEUDO_MAP_FD, 0, target) +
                _code(0) + _code(MOV_IMM, R3, 0, 0, ACTIONS["pass"]) +
                _code(CALL, 0, 0, 0, HELPER_REDIRECT_MAP) + _code(EXIT))
    elif action == "adjust":
        # In front: longer, and back again. Behind: four bytes of zeros stay.
        for helper, delta in ((HELPER_HEAD, -64), (HELPER_HEAD, 64), (HELPER_TAIL, 8), (HELPER_TAIL, -4)):
            act += _adjust(helper, delta) + _unless((JUMP_EQUAL, R0, 0, 0), _return(ACTIONS["drop"]))
        act += _return(ACTIONS["pass"])
    elif action == "meta":
        act += _write_metadata() + _return(ACTIONS["pass"])
    else:
        act += _return(ACTIONS[action])
    for offset, wanted in ((4, address[4:]), (12, ethertype.to_bytes(2, "big"))):
        act = (_code(LOAD16, R4, R2, offset) +
               _unless((JUMP_NOT_EQUAL, R4, 0, int.from_bytes(wanted, "little")), act))
    return (_code(MOV, R6, R1) + _code(LOAD32, R2, R6, XDP_DATA) + _code(LOAD32, R3, R6, XDP_END) +
            _code(MOV, R4, R2) + _code(ADD_IMM, R4, 0, 0, 14) +
            _unless((JUMP_GREATER, R4, R3, 0), act) + _return(ACTIONS["pass"]))


def _tc_program(counter):
    """Counts the packets with the metadata of a program of XDP before them."""
    look = (_code(LOAD32, R5, R2) +
            _unless((JUMP_NOT_EQUAL_32, R5, 0, METADATA), _add_one(counter)))
    return (_code(MOV, R6, R1) + _code(LOAD32, R2, R6, TC_META) + _code(LOAD32, R3, R6, TC_DATA) +
            _code(MOV, R4, R2) + _code(ADD_IMM, R4, 0, 0, 4) +
            _unless((JUMP_GREATER, R4, R3, 0), look) + _return(0))


# What a program finds out about a packet by itself: keys of its map, each a word of 64 bits. The
# hash has its type in the upper half; the answers are those of the two functions.
HINT_KEYS = PACKETS, HASH, STAMP, HASH_ANSWER, STAMP_ANSWER = range(5)


def _keep(results, key, slot):
    """Puts the word of the stack there under the key."""
    return (_code(STORE32_IMM, R10, 0, -4, key) + _code(MOV, R2, R10) + _code(ADD_IMM, R2, 0, 0, -4) +
            _code(LOAD_IMM64, R1, PSEUDO_MAP_FD, 0, results) + _code(0) +
            _code(CALL, 0, 0, 0, HELPER_LOOKUP) + _code(JUMP_EQUAL, R0, 0, 2, 0) +
            _code(LOAD64, R1, R10, slot) + _code(STORE64, R0, R1, 0))


def _kernel_functions(*names):
    """Their numbers in the kernel's description of its types (BTF)."""
    with open("/sys/kernel/btf/vmlinux", "rb") as source:
        data = source.read()
    header, types, length, strings, strings_length = struct.unpack_from("<4x5I", data)[:5]
    text = data[header + strings:header + strings + strings_length]
    wanted = {text.index(b"\0" + name.encode() + b"\0") + 1: name for name in names}
    # Behind each type of a kind: so many bytes, and so many for each of its members.
    behind = {1: (4, 0), 3: (12, 0), 4: (0, 12), 5: (0, 12), 6: (0, 8), 13: (0, 8), 14: (4, 0),
              15: (0, 12), 17: (4, 0), 19: (0, 12)}
    found = {}
    at, end, number = header + types, header + types + length, 1
    while at < end and len(found) < len(names):
        name, info = struct.unpack_from("<II", data, at)
        kind = info >> 24 & 31
        if kind == 12 and name in wanted:
            found[wanted[name]] = number
        once, each = behind.get(kind, (0, 0))
        at += 12 + once + each * (info & 0xffff)
        number += 1
    return [found[name] for name in names]


def _hints_program(results, port):
    """Asks for hash and stamp of each UDP packet of IPv4 to the port; all packets pass."""
    stamp, kernel_hash = _kernel_functions("bpf_xdp_metadata_rx_timestamp", "bpf_xdp_metadata_rx_hash")
    ask = (_code(STORE64_IMM, R10, 0, -16, 0) + _code(STORE64_IMM, R10, 0, -24, 0) +
           _code(MOV, R1, R6) + _code(MOV, R2, R10) + _code(ADD_IMM, R2, 0, 0, -16) +
           _code(CALL, 0, PSEUDO_KERNEL_FUNCTION, 0, stamp) + _code(STORE64, R10, R0, -32) +
           _keep(results, STAMP, -16) + _keep(results, STAMP_ANSWER, -32) +
           _code(MOV, R1, R6) + _code(MOV, R2, R10) + _code(ADD_IMM, R2, 0, 0, -24) +
           _code(MOV, R3, R10) + _code(ADD_IMM, R3, 0, 0, -20) +
           _code(CALL, 0, PSEUDO_KERNEL_FUNCTION, 0, kernel_hash) + _code(STORE64, R10, R0, -32) +
           _keep(results, HASH, -24) + _keep(results, HASH_ANSWER, -32) +
           _add_one(results))
    # The type, the protocol, the port.
    for load, offset, wanted in ((LOAD16, 36, port.to_bytes(2, "big")), (LOAD8, 23, b"\x11"),
                                 (LOAD16, 12, b"\x08\0")):
        ask = (_code(load, R4, R2, offset) +
               _unless((JUMP_NOT_EQUAL, R4, 0, int.from_bytes(wanted, "little")), ask))
    return (_code(MOV, R6, R1) + _code(LOAD32, R2, R6, XDP_DATA) + _code(LOAD32, R3, R6, XDP_END) +
            _code(MOV, R4, R2) + _code(ADD_IMM, R4, 0, 0, 42) +
            _unless((JUMP_GREATER, R4, R3, 0), ask) + _return(ACTIONS["pass"]))


def _pin(descriptor, path):
    name = ctypes.create_string_buffer(path.encode())
    _bpf(OBJ_PIN, struct.pack("<QI", ctypes.addressof(name), descriptor))


def load(name, path, target, address, ethertype=ETHERTYPE):
    """
    Loads a program and pins it at path, its counter at path_count. Its name is an action, with
    "_frags" behind it for one that takes frames of several buffers; or "tc", which is not XDP's.
    It redirects to the target, and treats the frames of the type that are sent to the address.
    """
    action, _, frags = name.partition("_")
    counter = _bpf(MAP_CREATE, struct.pack("<IIII", MAP_ARRAY, 4, 8, 1))
    program = _tc_program(counter) if name == "tc" else _program(
        action, counter, target, address, ethertype)
    _load_and_pin(name, path, program, counter, PROG_TC if name == "tc" else PROG_XDP,
                  XDP_HAS_FRAGS if frags else 0)


def load_hints(path, interface, port):
    """
    Loads a program for one interface and pins it at path. It asks the driver for hash and stamp of
    the UDP packets of IPv4 to the port; hints() has the answers for the last one.
    """
    results = _bpf(MAP_CREATE, struct.pack("<IIII", MAP_ARRAY, 4, 8, len(HINT_KEYS)))
    _load_and_pin("hints", path, _hints_program(results, port), results, PROG_XDP, XDP_DEVICE_BOUND,
                  interface)


def _load_and_pin(name, path, program, counter, kind, flags, interface=0):
    code = ctypes.create_string_buffer(program)
    licence = ctypes.create_string_buffer(b"GPL")
    log = ctypes.create_string_buffer(1 << 16)
    try:
        program = _bpf(PROG_LOAD, struct.pack(
            "<IIQQIIQII16xI", kind, (len(code) - 1) // 8, ctypes.addressof(code),
            ctypes.addressof(licence), 1, len(log), ctypes.addressof(log), 0, flags, interface))
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EINVAL):
            raise OSError(error.errno, f"{name}: {log.value.decode(errors='replace')}") from None
        raise
    _pin(program, path)
    _pin(counter, path + "_count")


def socket_map(queue, descriptor):
    """A map for the program "xsk" that has the socket of one queue."""
    sockets = _bpf(MAP_CREATE, struct.pack("<IIII", MAP_XSK, 4, 4, 256))
    key, value = ctypes.c_uint32(queue), ctypes.c_uint32(descriptor)
    _bpf(MAP_UPDATE, struct.pack("<I4xQQQ", sockets, ctypes.addressof(key), ctypes.addressof(value), 0))
    return sockets


def hints(path):
    """The words that the program of load_hints() has kept."""
    return [_word(path, key) for key in HINT_KEYS]


def count(path):
    """How many frames the program at path has treated."""
    return _word(path, 0)


def _word(path, number):
    name = ctypes.create_string_buffer((path + "_count").encode())
    counter = _bpf(OBJ_GET, struct.pack("<QI", ctypes.addressof(name), 0))
    key, value = ctypes.c_uint32(number), ctypes.c_uint64(0)
    _bpf(MAP_LOOKUP, struct.pack("<I4xQQ", counter, ctypes.addressof(key), ctypes.addressof(value)))
    os.close(counter)
    return value.value
