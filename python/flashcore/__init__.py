"""FlashCore's attention kernels for torch tensors, forward only.

    import flashcore
    o = flashcore.attention(q, k, v, causal=True)                # B, H, S, D; float16 or bfloat16, on a GPU
    o, lse = flashcore.attention(q, k, v, layout="bshd", return_lse=True)
    [phase.id for phase in flashcore.phases()]                   # what phase= takes, beside "auto"
    flashcore.why_not(q, k, v, phase="fused")                    # None, or a sentence

The import needs neither torch nor the library: libflashcore_kernels.so is looked for at first use, torch where
tensors come in.
"""
import sys

from ._errors import FlashcoreError, LibraryNotFoundError
from ._phases import Phase, phases, version

__version__ = "0.1.0"
__all__ = ["FlashcoreError", "LibraryNotFoundError", "Phase", "attention", "phases", "plan", "serves", "version",
           "why_not"]

_NEED_TORCH = ("attention", "plan", "serves", "why_not")


def _with_torch():
    try:
        import torch
    except ImportError as error:
        raise ImportError("flashcore's functions of tensors need PyTorch, and it cannot be imported; install torch 2.4 "
                          "or later. flashcore.phases() and flashcore.version() work without") from error
    if not hasattr(torch.library, "register_fake"):
        raise ImportError(f"flashcore's functions of tensors need PyTorch 2.4 or later, and this is {torch.__version__}")
    from . import _attention
    for name in _NEED_TORCH:
        globals()[name] = getattr(_attention, name)


def __getattr__(name):
    if name not in _NEED_TORCH:
        raise AttributeError(f"module 'flashcore' has no attribute '{name}'")
    _with_torch()
    return globals()[name]


def __dir__():
    return sorted(set(globals()) | set(__all__))


# Where torch is loaded already the operators are registered at once, so that torch.ops.flashcore is there.
if hasattr(getattr(sys.modules.get("torch"), "library", None), "register_fake"):
    _with_torch()
