"""Builds the wheel of flashcore with the standard library alone (PEP 517 and PEP 660).

The package is Python files and, where one is found, libflashcore_kernels.so:
  1. the file that FLASHCORE_LIBRARY names (FLASHCORE_LIBRARY= with nothing after it leaves the library out)
  2. lib/ beside the folder python/: a bundle or an installed prefix (share/flashcore/python counts from there too)
  3. build/lib/ of the tree
With a library the wheel is py3-none-linux_x86_64 (or the machine's own), without py3-none-any; the package then
looks for a library when it runs (flashcore/_library.py).

The same files give the same wheel, byte for byte.
"""
import base64
import hashlib
import io
import os
import pathlib
import re
import sysconfig
import tarfile
import time
import zipfile

HERE = pathlib.Path(__file__).resolve().parent.parent
# The interface's own version first, as flashcore/_library.py looks for it; the first is the name in the wheel.
LIBRARIES = ("libflashcore_kernels.so.0", "libflashcore_kernels.so")
# Where a library may lie, from the folder python/ (or share/flashcore/python/ of a prefix).
LIBRARY_FOLDERS = ("../lib", "../build/lib", "../../../lib")


def version():
    text = (HERE / "flashcore" / "__init__.py").read_text(encoding="utf-8")
    return re.search(r'^__version__ = "([^"]+)"', text, re.MULTILINE).group(1)


def metadata():
    return f"""\
Metadata-Version: 2.1
Name: flashcore
Version: {version()}
Summary: FlashCore's attention kernels for PyTorch tensors, forward only
License: Apache-2.0
Requires-Python: >=3.9
Provides-Extra: torch
Requires-Dist: torch>=2.4; extra == "torch"
Classifier: License :: OSI Approved :: Apache Software License
Classifier: Operating System :: POSIX :: Linux
Classifier: Programming Language :: Python :: 3
"""


def find_library():
    """The library to put into the wheel, or None."""
    if "FLASHCORE_LIBRARY" in os.environ:
        named = os.environ["FLASHCORE_LIBRARY"]
        if not named:
            return None
        path = pathlib.Path(named)
        if not path.is_file():
            raise SystemExit(f"FLASHCORE_LIBRARY names {named}, which is no file; name {LIBRARIES[-1]}, or unset it")
        return path
    for folder in LIBRARY_FOLDERS:
        for name in LIBRARIES:
            path = HERE / folder / name
            if path.is_file():
                return path
    return None


def package_files():
    return sorted(path for path in (HERE / "flashcore").rglob("*")
                  if path.is_file() and (path.suffix == ".py" or path.name == "py.typed"))


def wheel_tag(library):
    if library is None:
        return "py3-none-any"
    return "py3-none-" + re.sub(r"[-.]", "_", sysconfig.get_platform())


def timestamp():
    """ZIP's, from SOURCE_DATE_EPOCH where it is set. A ZIP begins in 1980."""
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH", "315532800"))
    return time.gmtime(max(epoch, 315532800))[:6]


class Wheel:
    """Collects files, then writes them with RECORD last, as the format wants it."""

    def __init__(self, tag):
        self.tag = tag
        self.info = f"flashcore-{version()}.dist-info"
        self.files = []

    def add(self, name, content, mode=0o644):
        self.files.append((name, content, mode))

    def add_info(self):
        purelib = "true" if self.tag.endswith("-any") else "false"
        self.add(f"{self.info}/METADATA", metadata().encode())
        self.add(f"{self.info}/WHEEL",
                 f"Wheel-Version: 1.0\nGenerator: flashcore_build\nRoot-Is-Purelib: {purelib}\nTag: {self.tag}\n".encode())
        for license_file in (HERE.parent / "LICENSE", HERE.parent / "licenses" / "LICENSE"):
            if license_file.is_file():
                self.add(f"{self.info}/LICENSE", license_file.read_bytes())
                break

    def write(self, folder):
        self.add_info()
        record = "".join(f"{name},{digest(content)},{len(content)}\n" for name, content, _ in self.files)
        record_name = f"{self.info}/RECORD"
        self.add(record_name, f"{record}{record_name},,\n".encode())
        name = f"flashcore-{version()}-{self.tag}.whl"
        with zipfile.ZipFile(pathlib.Path(folder) / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for file, content, mode in self.files:
                entry = zipfile.ZipInfo(file, timestamp())
                entry.external_attr = (0o100000 | mode) << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, content)
        return name


def digest(content):
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    library = find_library()
    wheel = Wheel(wheel_tag(library))
    for path in package_files():
        wheel.add(path.relative_to(HERE).as_posix(), path.read_bytes())
    if library is not None:
        wheel.add(f"flashcore/lib/{LIBRARIES[0]}", library.read_bytes(), 0o755)
    return wheel.write(wheel_directory)


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    """The tree itself on the path; the library is found where the tree's build puts it."""
    wheel = Wheel("py3-none-any")
    wheel.add("flashcore.pth", f"{HERE}\n".encode())
    return wheel.write(wheel_directory)


def build_sdist(sdist_directory, config_settings=None):
    base = f"flashcore-{version()}"
    files = [HERE / "pyproject.toml", *package_files(), pathlib.Path(__file__).resolve()]
    with tarfile.open(pathlib.Path(sdist_directory) / f"{base}.tar.gz", "w:gz", format=tarfile.PAX_FORMAT) as archive:
        for path in files:
            archive.add(path, f"{base}/{path.relative_to(HERE).as_posix()}")
        info = tarfile.TarInfo(f"{base}/PKG-INFO")
        content = metadata().encode()
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return f"{base}.tar.gz"


def get_requires_for_build_wheel(config_settings=None):
    return []


def get_requires_for_build_editable(config_settings=None):
    return []


def get_requires_for_build_sdist(config_settings=None):
    return []
