"""nghttp2's HPACK coder. A line on stdin is a JSON object: the table's size from now on, and pairs of a list of fields
and a block in hex; the answer is a line of pairs: the block that nghttp2 makes of the list, and what it reads in the
block."""
import ctypes
import json
import sys


class Field(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p), ("value", ctypes.c_char_p),
        ("name_length", ctypes.c_size_t), ("value_length", ctypes.c_size_t), ("flags", ctypes.c_uint8),
    ]


class Read(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("value", ctypes.c_void_p)] + Field._fields_[2:]


FINAL, EMIT = 1, 2
TABLE_BYTES_MAX = 65_536

lib = ctypes.CDLL("libnghttp2.so.14")
lib.nghttp2_hd_deflate_hd.restype = ctypes.c_ssize_t
lib.nghttp2_hd_inflate_hd2.restype = ctypes.c_ssize_t
deflater, inflater = ctypes.c_void_p(), ctypes.c_void_p()
lib.nghttp2_hd_deflate_new(ctypes.byref(deflater), ctypes.c_size_t(TABLE_BYTES_MAX))
lib.nghttp2_hd_inflate_new(ctypes.byref(inflater))
room = ctypes.create_string_buffer(1 << 20)


def deflated(fields):
    octets = [text.encode("latin1") for text in fields]
    pairs = list(zip(octets[::2], octets[1::2]))
    array = (Field * len(pairs))(*[Field(n, v, len(n), len(v), 0) for n, v in pairs])
    length = lib.nghttp2_hd_deflate_hd(deflater, room, ctypes.c_size_t(len(room)), array, ctypes.c_size_t(len(pairs)))
    if length < 0:
        raise SystemExit(f"nghttp2_hd_deflate_hd: {length}")
    return room.raw[:length].hex()


def inflated(block):
    fields, at, flags, field = [], 0, ctypes.c_int(0), Read()
    octets = ctypes.create_string_buffer(block, max(len(block), 1))
    while True:
        length = lib.nghttp2_hd_inflate_hd2(
            inflater, ctypes.byref(field), ctypes.byref(flags),
            ctypes.byref(octets, at), ctypes.c_size_t(len(block) - at), 1)
        if length < 0:
            raise SystemExit(f"nghttp2_hd_inflate_hd2: {length}")
        at += length
        if flags.value & EMIT:
            fields.append(ctypes.string_at(field.name, field.name_length).decode("latin1"))
            fields.append(ctypes.string_at(field.value, field.value_length).decode("latin1"))
        if flags.value & FINAL:
            lib.nghttp2_hd_inflate_end_headers(inflater)
            return fields


for line in sys.stdin:
    asked = json.loads(line)
    lib.nghttp2_hd_deflate_change_table_size(deflater, ctypes.c_size_t(asked["tableBytes"]))
    print(json.dumps([[deflated(fields), inflated(bytes.fromhex(block))] for fields, block in asked["pairs"]]), flush=True)
