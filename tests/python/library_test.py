#!/usr/bin/env python3
"""How the package finds its library, what it says where it cannot, and what the library says of itself. No torch."""
import ctypes
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import support

BUILT = os.environ.get("FLASHCORE_LIBRARY", "")


def ask(code, package=support.PACKAGE, **environment):
    """Runs code in a Python of its own, without FLASHCORE_LIBRARY unless it is given."""
    kept = {name: value for name, value in os.environ.items() if name not in ("FLASHCORE_LIBRARY", "LD_LIBRARY_PATH")}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120,
                          env={**kept, "PYTHONPATH": str(package), "PYTHONDONTWRITEBYTECODE": "1", **environment})


def last_line(done):
    return done.stderr.strip().splitlines()[-1]


class Finding(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name).resolve()

    def copy_of_the_package(self, below="python"):
        package = self.folder / below
        shutil.copytree(support.PACKAGE / "flashcore", package / "flashcore", ignore=shutil.ignore_patterns("__pycache__", "lib"))
        return package

    def found_from(self, package, *libraries, **environment):
        for library in libraries:
            library.parent.mkdir(parents=True, exist_ok=True)
            library.touch()
        done = ask("from flashcore import _library; print(_library.find())", package, **environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def compile(self, text):
        source, library = self.folder / "other.c", self.folder / "libother.so"
        source.write_text(text, encoding="utf-8")
        subprocess.run([support.compiler(), "-shared", "-fPIC", "-I", support.HEADER.parent, source, "-o", library], check=True)
        return library

    def test_the_order_of_places(self):
        package = self.copy_of_the_package()
        name = "libflashcore_kernels.so"
        places = [self.folder / "build" / "lib" / name, self.folder / "lib" / name, self.folder / "lib" / f"{name}.0",
                  package / "flashcore" / "lib" / name]
        for place in places:
            self.assertEqual(self.found_from(package, place), str(place))
        named = self.folder / "elsewhere.so"
        self.assertEqual(self.found_from(package, named, FLASHCORE_LIBRARY=str(named)), str(named))

    def test_an_installed_prefix(self):
        package = self.copy_of_the_package("share/flashcore/python")
        library = self.folder / "lib" / "libflashcore_kernels.so.0"
        self.assertEqual(self.found_from(package, library), str(library))

    def test_importing_needs_no_library_and_no_torch(self):
        done = ask("import sys; sys.modules['torch'] = None; import flashcore; print(flashcore.__version__, dir(flashcore))",
                   self.copy_of_the_package())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("'attention'", done.stdout)

    def test_attention_without_torch_says_so(self):
        done = ask("import sys; sys.modules['torch'] = None\nimport flashcore\nflashcore.attention")
        self.assertRegex(last_line(done), r"^ImportError: .*need PyTorch.*install torch 2\.4")

    def test_no_library_anywhere(self):
        done = ask("import flashcore; flashcore.phases()", self.copy_of_the_package())
        self.assertRegex(last_line(done), r"LibraryNotFoundError: libflashcore_kernels\.so is neither in .* nor on the "
                                          r"loader's path; build the tree .* FLASHCORE_LIBRARY")
        self.assertIn(str(self.folder / "lib"), last_line(done))

    def test_a_named_file_that_is_missing(self):
        done = ask("import flashcore; flashcore.version()", FLASHCORE_LIBRARY="/nowhere/lib.so")
        self.assertRegex(last_line(done), "LibraryNotFoundError: FLASHCORE_LIBRARY names /nowhere/lib.so, and there is no")

    def test_a_file_that_is_no_library(self):
        file = self.folder / "text.so"
        file.write_text("no library", encoding="utf-8")
        done = ask("import flashcore; flashcore.version()", FLASHCORE_LIBRARY=str(file))
        self.assertRegex(last_line(done), "LibraryNotFoundError: .*text.so cannot be loaded: ")

    def test_a_library_of_something_else(self):
        library = self.compile("int nothing_of_ours;\n")
        done = ask("import flashcore; flashcore.version()", FLASHCORE_LIBRARY=str(library))
        self.assertRegex(last_line(done), "LibraryNotFoundError: .*libother.so is no library of FlashCore's kernels")

    def test_a_library_of_another_version(self):
        from flashcore import _abi
        functions = "".join(f"void {name}_() __asm__(\"{name}\"); void {name}_() {{}}\n"
                            for name in _abi.FUNCTIONS if name != "fc_version")
        for version, right in ((_abi.VERSION_MAJOR * 1000 + _abi.VERSION_MINOR, True), ((_abi.VERSION_MAJOR + 1) * 1000, False),
                               (_abi.VERSION_MAJOR * 1000 + _abi.VERSION_MINOR + 1, True),
                               (_abi.VERSION_MAJOR * 1000 + _abi.VERSION_MINOR - 1, False)):
            library = self.compile(f"int fc_version(void) {{ return {version}; }}\n{functions}")
            done = ask("from flashcore import _library; _library.library()", FLASHCORE_LIBRARY=str(library))
            self.assertEqual(done.returncode == 0, right, f"{version}: {done.stderr}")
            if not right:
                self.assertRegex(last_line(done), r"LibraryNotFoundError: .* has version \d+\.\d+ of the interface, and this "
                                                  "package needs .*install both from one tree")


@unittest.skipUnless(BUILT, "FLASHCORE_LIBRARY names no built library")
class TheLibraryItself(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        import flashcore
        from flashcore import _abi, _errors, _library
        cls.flashcore, cls.abi, cls.errors = flashcore, _abi, _errors
        cls.library = _library.library()

    def call(self, head_dim=64, **changes):
        call = self.abi.Call(struct_size=ctypes.sizeof(self.abi.Call), batch=1, heads=8, kv_heads=8, seq_q=512, seq_k=512,
                             head_dim=head_dim, dtype=self.abi.F16)
        self.errors.check(self.library, self.library.fc_set_contiguous(ctypes.byref(call)))
        for name, value in changes.items():
            setattr(call, name, value)
        return call

    def serves(self, phase, call):
        self.errors.check(self.library, self.library.fc_serves(phase.encode(), ctypes.byref(call), -1))

    def test_version(self):
        project = re.search(r"^project\(flashcore VERSION ([\d.]+)", (support.ROOT / "CMakeLists.txt").read_text(), re.MULTILINE)
        self.assertEqual(self.flashcore.__version__, project.group(1))
        self.assertTrue(self.flashcore.version().startswith(project.group(1)), self.flashcore.version())

    def test_phases(self):
        phases = self.flashcore.phases()
        by_id = {phase.id: phase for phase in phases}
        self.assertLessEqual({"baseline", "wmma", "fused", "cublas"}, set(by_id))
        self.assertNotIn("auto", by_id)
        self.assertTrue(by_id["cublas"].reference)
        self.assertFalse(by_id["wmma"].reference)
        self.assertEqual(by_id["wmma"].builds_on, "baseline")
        self.assertEqual(by_id["wmma"].min_capability, (8, 0))
        ladder = [phase.rung for phase in phases if not phase.reference]
        self.assertEqual(ladder, sorted(ladder))
        for phase in phases:
            self.assertTrue(phase.title and phase.idea and phase.problems, phase)

    def test_what_a_phase_serves(self):
        for phase in ("wmma", "baseline", "auto"):
            self.serves(phase, self.call())

    def test_what_it_does_not_serve_is_a_value_error(self):
        for words, phase, changes in (("phase wmma does not serve D = 72: its kernels take D = 64 or 128; ", "wmma", {"head_dim": 72}),
                                      ("hkv = 3 does not divide h = 8", "wmma", {"kv_heads": 3}), ("sk = 0", "wmma", {"seq_k": 0}),
                                      ("the scale is nan; it is finite and positive", "auto", {"scale": float("nan")}),
                                      ("phase wmma does not serve dtype f32", "wmma", {"dtype": self.abi.F32}),
                                      ("no phase .*wmma does not serve dtype f32", "auto", {"dtype": self.abi.F32}),
                                      ("unknown phase 'nosuch'; known: baseline", "nosuch", {})):
            with self.assertRaisesRegex(ValueError, words, msg=str(changes)):
                self.serves(phase, self.call(**changes))

    def test_a_negative_stride_is_a_value_error(self):
        with self.assertRaisesRegex(ValueError, "stride of Q is -64 elements; .*not negative; pad the rows"):
            self.serves("wmma", self.call(q_strides=self.abi.Strides(0, 512 * 64, -64)))

    def test_a_plan_without_a_device_is_a_runtime_error(self):
        handle = ctypes.c_void_p()
        status = self.library.fc_plan_create(b"wmma", ctypes.byref(self.call()), 4096, ctypes.byref(handle))
        with self.assertRaises(self.flashcore.FlashcoreError) as raised:
            self.errors.check(self.library, status)
        self.assertEqual(raised.exception.status, self.abi.ERROR_NO_DEVICE)
        self.assertIsNone(handle.value)


if __name__ == "__main__":
    support.main()
