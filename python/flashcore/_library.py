"""Finds and loads libflashcore_kernels.so, once, at first use."""
import ctypes
import os
import pathlib
import threading

from . import _abi
from ._errors import LibraryNotFoundError

# The version's own name first: in a prefix both are there, and the short one may be another version's.
NAMES = (f"libflashcore_kernels.so.{_abi.VERSION_MAJOR}", "libflashcore_kernels.so")
# From the folder of this file: inside a wheel; then, from a tree, a bundle or a prefix in whose python/ or
# share/flashcore/python/ it lies.
FOLDERS = ("lib", "../../lib", "../../build/lib", "../../../../lib")
REMEDY = ("build the tree (cmake --build build), take FlashCore's bundle, or let FLASHCORE_LIBRARY name the file")

_loaded = None
_lock = threading.Lock()


def candidates():
    """The files that may be the library, best first; the loader's own path comes after them."""
    named = os.environ.get("FLASHCORE_LIBRARY")
    if named:
        return [pathlib.Path(named)]
    here = pathlib.Path(__file__).resolve().parent
    return [(here / folder / name).resolve() for folder in FOLDERS for name in NAMES]


def find():
    """The file to load, or a bare name for the loader to look for."""
    looked_at = candidates()
    for path in looked_at:
        if path.is_file():
            return str(path)
    if os.environ.get("FLASHCORE_LIBRARY"):
        raise LibraryNotFoundError(f"FLASHCORE_LIBRARY names {looked_at[0]}, and there is no such file; name "
                                   "libflashcore_kernels.so, or unset it")
    return NAMES[0]


def open_library(file):
    try:
        library = ctypes.CDLL(file)
    except OSError as error:
        if "/" in file:
            raise LibraryNotFoundError(f"{file} cannot be loaded: {error}; {REMEDY}") from error
        places = ", ".join(sorted({str(path.parent) for path in candidates()}))
        raise LibraryNotFoundError(f"libflashcore_kernels.so is neither in {places} nor on the loader's path; "
                                   f"{REMEDY}") from error
    try:
        _abi.declare(library)
    except AttributeError as error:
        raise LibraryNotFoundError(f"{file} is no library of FlashCore's kernels, or an older one: {error}; "
                                   f"{REMEDY}") from error
    major, minor = divmod(library.fc_version(), 1000)
    if major != _abi.VERSION_MAJOR or minor < _abi.VERSION_MINOR:
        raise LibraryNotFoundError(
            f"{file} has version {major}.{minor} of the interface, and this package needs {_abi.VERSION_MAJOR}."
            f"{_abi.VERSION_MINOR} or a later one with the same first number; install both from one tree")
    return library


def library():
    """The loaded library. LibraryNotFoundError with the remedy where there is none."""
    global _loaded
    if _loaded is None:
        with _lock:
            if _loaded is None:
                _loaded = open_library(find())
    return _loaded
