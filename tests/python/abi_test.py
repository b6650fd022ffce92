#!/usr/bin/env python3
"""flashcore/_abi.py against kernels/c_api/flashcore_kernels.h, as a C compiler reads it."""
import ctypes
import pathlib
import re
import struct
import subprocess
import tempfile
import unittest

import support
from flashcore import _abi

NUMBERS = {"FLASHCORE_KERNELS_VERSION_MAJOR": "VERSION_MAJOR", "FLASHCORE_KERNELS_VERSION_MINOR": "VERSION_MINOR"}
C_TYPES = {ctypes.c_int32: ("int32_t", "fc_status"), ctypes.c_size_t: ("size_t",), ctypes.c_char_p: ("const char*",),
           None: ("void",)}


def header():
    """Without comments."""
    return re.sub(r"/\*.*?\*/", " ", support.HEADER.read_text(encoding="utf-8"), flags=re.DOTALL)


def declarations():
    """Function: its result and its parameters, as text."""
    found = {}
    for result, name, parameters in re.findall(r"FC_API\s+([\w\s*]+?)\s*\b(fc_\w+)\(([^)]*)\)", header()):
        parts = [] if parameters.strip() == "void" else [" ".join(part.split()) for part in parameters.split(",")]
        found[name] = (" ".join(result.split()), parts)
    return found


class Abi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        lines, cls.expected = [], {}

        def ask(label, expression, value):
            lines.append(f'  printf("{label} %lld\\n", (long long)({expression}));')
            cls.expected[label] = value

        cls.enumerated = re.findall(r"\b(FC_[A-Z0-9_]+)\s*=\s*\d+", header())
        for name in [*NUMBERS, *cls.enumerated]:
            ask(name, name, getattr(_abi, NUMBERS.get(name, name[len("FC_"):]), None))
        for c_name, mirror in _abi.STRUCTS.items():
            ask(f"sizeof:{c_name}", f"sizeof({c_name})", ctypes.sizeof(mirror))
            for field, _ in mirror._fields_:
                at = getattr(mirror, field)
                ask(f"offset:{c_name}.{field}", f"offsetof({c_name}, {field})", at.offset)
                ask(f"size:{c_name}.{field}", f"sizeof((({c_name}*)0)->{field})", at.size)
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder) / "print_abi.c"
            source.write_text('#include <stdio.h>\n#include "flashcore_kernels.h"\nint main(void) {\n' + "\n".join(lines) +
                              "\n  return 0;\n}\n", encoding="utf-8")
            program = source.with_suffix("")
            subprocess.run([support.compiler(), "-I", support.HEADER.parent, source, "-o", program], check=True)
            printed = subprocess.run([program], capture_output=True, text=True, check=True).stdout
        cls.found = {label: int(value) for label, value in (line.split() for line in printed.splitlines())}

    def test_numbers_sizes_and_offsets(self):
        self.assertGreater(len(self.enumerated), 10)
        self.assertGreater(len(self.found), 80)
        self.assertEqual(self.found, self.expected)

    def test_no_member_of_the_mirrored_structs_is_missing(self):
        for c_name, mirror in _abi.STRUCTS.items():
            body = re.search(rf"typedef struct {c_name} {{(.*?)}} {c_name};", header(), re.DOTALL).group(1)
            members = [re.sub(r"\[.*", "", part.split()[-1].lstrip("*"))
                       for line in body.split(";") if line.strip() for part in line.split(",")]
            self.assertEqual(members, [name for name, _ in mirror._fields_], c_name)

    def test_functions(self):
        declared = declarations()
        self.assertGreater(len(declared), 15)
        for name, (result, arguments) in _abi.FUNCTIONS.items():
            self.assertIn(name, declared)
            c_result, parameters = declared[name]
            self.assertIn(c_result.replace(" *", "*"), C_TYPES[result], name)
            self.assertEqual(len(arguments), len(parameters), name)
            for argument, parameter in zip(arguments, parameters):
                is_pointer = "*" in parameter
                self.assertEqual(argument not in (ctypes.c_int32, ctypes.c_size_t), is_pointer, f"{name}: {parameter}")

    def test_pointers_as_bytes(self):
        values = list(range(1, 7))
        packed = struct.pack(_abi.POINTERS_FORMAT, ctypes.sizeof(_abi.Pointers), *values)
        self.assertEqual(packed, bytes(_abi.Pointers(ctypes.sizeof(_abi.Pointers), *values)))


if __name__ == "__main__":
    support.main()
