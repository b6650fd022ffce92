#!/usr/bin/env python3
"""The wheel of python/, as pip builds and installs it without a network: what is in it, its tag, that it is found."""
import base64
import csv
import hashlib
import io
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile

import support

BUILT = os.environ.get("FLASHCORE_LIBRARY", "")
SOURCES = {path.relative_to(support.PACKAGE).as_posix() for path in (support.PACKAGE / "flashcore").rglob("*.py")}
# No index and no proxy: what the build asked for could come from nowhere.
OFFLINE = ["--no-index", "--disable-pip-version-check", "--no-cache-dir"]


def python(*arguments, interpreter=sys.executable, **environment):
    kept = {name: value for name, value in os.environ.items() if name != "FLASHCORE_LIBRARY" and not name.startswith("PIP_")}
    return subprocess.run([interpreter, *map(str, arguments)], capture_output=True, text=True, timeout=240,
                          env={**kept, "PIP_CONFIG_FILE": os.devnull, **environment}, cwd=tempfile.gettempdir())


class Package(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name).resolve()

    def copy(self, *libraries):
        """python/ in a tree of its own, with these files beside it."""
        shutil.copytree(support.PACKAGE, self.folder / "python",
                        ignore=shutil.ignore_patterns("__pycache__", "lib", "*.egg-info"))
        shutil.copy2(support.ROOT / "LICENSE", self.folder)
        for library in libraries:
            (self.folder / library).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / library).write_bytes(library.encode())
        return self.folder / "python"

    def done(self, done):
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def wheel(self, source, **environment):
        wheels = self.folder / "wheels"
        shutil.rmtree(wheels, ignore_errors=True)
        self.done(python("-m", "pip", "wheel", *OFFLINE, "--no-deps", "-w", wheels, source, **environment))
        built, = wheels.iterdir()
        return built

    def environment(self):
        """The interpreter of a fresh virtual environment."""
        self.done(python("-m", "venv", self.folder / "venv"))
        return self.folder / "venv" / "bin" / "python"

    def check_record(self, archive):
        names = archive.namelist()
        record_name, = [name for name in names if name.endswith(".dist-info/RECORD")]
        rows = list(csv.reader(io.StringIO(archive.read(record_name).decode())))
        self.assertEqual([row[0] for row in rows], names)
        for name, digest, size in rows[:-1]:
            content = archive.read(name)
            expected = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            self.assertEqual((digest, int(size)), (f"sha256={expected}", len(content)))
        self.assertEqual(rows[-1], [record_name, "", ""])

    def check_wheel(self, file, tag, library):
        self.assertTrue(file.name.endswith(f"-{tag}.whl"), file.name)
        with zipfile.ZipFile(file) as archive:
            self.check_record(archive)
            package = {name for name in archive.namelist() if name.startswith("flashcore/")}
            self.assertEqual(package - SOURCES, {library} if library else set())
            self.assertEqual(SOURCES - package, set())
            info = next(name for name in archive.namelist() if name.endswith("/WHEEL"))
            self.assertIn(f"Tag: {tag}\n", archive.read(info).decode())
            self.assertIn(f"Root-Is-Purelib: {'false' if library else 'true'}\n", archive.read(info).decode())
            metadata = archive.read(info.replace("WHEEL", "METADATA")).decode()
            self.assertIn('Requires-Dist: torch>=2.4; extra == "torch"', metadata)
            self.assertEqual(len(re.findall("^Requires-Dist", metadata, re.MULTILINE)), 1)
            return archive.read(library) if library else None

    def test_without_a_library(self):
        self.check_wheel(self.wheel(self.copy()), "py3-none-any", None)

    def test_with_the_library_of_a_build_a_bundle_or_the_environment(self):
        inside = "flashcore/lib/libflashcore_kernels.so.0"
        places = ["build/lib/libflashcore_kernels.so", "lib/libflashcore_kernels.so.0"]  # the later wins
        for place in places:
            shutil.rmtree(self.folder / "python", ignore_errors=True)
            built = self.wheel(self.copy(place))
            self.assertEqual(self.check_wheel(built, "py3-none-linux_x86_64", inside), place.encode())
        named = self.folder / "named.so"
        named.write_bytes(b"named")
        built = self.wheel(self.folder / "python", FLASHCORE_LIBRARY=str(named))
        self.assertEqual(self.check_wheel(built, "py3-none-linux_x86_64", inside), b"named")
        self.check_wheel(self.wheel(self.folder / "python", FLASHCORE_LIBRARY=""), "py3-none-any", None)

    def test_a_library_that_is_named_and_missing(self):
        done = python("-m", "pip", "wheel", *OFFLINE, "-w", self.folder, self.copy(), FLASHCORE_LIBRARY="/nowhere.so")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("FLASHCORE_LIBRARY names /nowhere.so, which is no file", done.stdout + done.stderr)

    def test_the_same_files_give_the_same_wheel(self):
        source = self.copy("build/lib/libflashcore_kernels.so")
        first = self.wheel(source).read_bytes()
        os.utime(source / "flashcore" / "__init__.py", (1, 1))
        self.assertEqual(self.wheel(source).read_bytes(), first)

    def test_a_source_distribution_builds_the_same_package(self):
        source = self.copy()
        code = "import sys; sys.path.insert(0, 'build_backend'); import flashcore_build as b; print(b.build_sdist(sys.argv[1]))"
        made = subprocess.run([sys.executable, "-c", code, self.folder], cwd=source, capture_output=True, text=True, check=True)
        self.check_wheel(self.wheel(self.folder / made.stdout.strip()), "py3-none-any", None)

    def test_editable(self):
        interpreter = self.environment()
        source = self.copy("build/lib/libflashcore_kernels.so")
        self.done(python("-m", "pip", "install", *OFFLINE, "-e", source, interpreter=interpreter))
        code = "import flashcore, flashcore._library as l; print(flashcore.__file__, l.find())"
        said = self.done(python("-c", code, interpreter=interpreter))
        self.assertEqual(said.split(), [str(source / "flashcore" / "__init__.py"),
                                        str(self.folder / "build" / "lib" / "libflashcore_kernels.so")])

    @unittest.skipUnless(BUILT, "FLASHCORE_LIBRARY names no built library")
    def test_installed_with_its_library_it_stands_alone(self):
        interpreter = self.environment()
        source = self.copy("build/lib/libflashcore_kernels.so")
        shutil.copy2(BUILT, self.folder / "build" / "lib" / "libflashcore_kernels.so")
        self.done(python("-m", "pip", "install", *OFFLINE, source, interpreter=interpreter))
        shutil.rmtree(source)
        shutil.rmtree(self.folder / "build")
        code = ("import flashcore, flashcore._library as l; print(l.find()); "
                "print([p.id for p in flashcore.phases()], flashcore.version())")
        said = self.done(python("-c", code, interpreter=interpreter))
        self.assertIn("/site-packages/flashcore/lib/libflashcore_kernels.so.0\n", said)
        self.assertIn("'wmma'", said)
        self.done(python("-m", "pip", "uninstall", "-y", "flashcore", interpreter=interpreter))
        self.assertNotEqual(python("-c", "import flashcore", interpreter=interpreter).returncode, 0)

    def test_no_address_to_download_from(self):
        for file in [support.PACKAGE / "pyproject.toml", *support.PACKAGE.rglob("*.py")]:
            self.assertNotIn("://", file.read_text(encoding="utf-8"), file)


if __name__ == "__main__":
    for module in ("pip", "venv", "ensurepip"):
        if python("-c", f"import {module}").returncode:
            support.skip(f"this Python has no {module} (Debian: python3-venv)")
    support.main()
