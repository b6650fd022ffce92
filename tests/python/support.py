"""What the tests of the Python package share: where things lie, and how a test program ends."""
import os
import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "python"
HEADER = ROOT / "kernels" / "c_api" / "flashcore_kernels.h"
SKIPPED = 77  # ctest's SKIP_RETURN_CODE

# FLASHCORE_INSTALLED=1: the flashcore that Python finds, not the tree's.
if not os.environ.get("FLASHCORE_INSTALLED"):
    sys.path.insert(0, str(PACKAGE))


def compiler():
    return os.environ.get("CC") or "cc"


def need(torch=False, gpu=False):
    """Ends the program as skipped where what it needs is not here, and says what."""
    if not torch and not gpu:
        return
    try:
        import torch as found
    except ImportError:
        skip("torch is not installed")
    if not hasattr(found.library, "register_fake"):
        skip(f"torch {found.__version__} is older than 2.4")
    if gpu and not found.cuda.is_available():
        skip("torch sees no CUDA device")


def skip(why):
    if "pytest" in sys.modules:
        raise unittest.SkipTest(why)
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def main():
    unittest.main(module="__main__", verbosity=2)
