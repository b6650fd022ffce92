"""What the library holds: its phases and its version. Needs neither torch nor a GPU."""
import ctypes
import dataclasses
from typing import List, Tuple

from . import _abi
from ._errors import check
from ._library import library


@dataclasses.dataclass(frozen=True)
class Phase:
    """One implementation of attention: a rung of the ladder, or a library's kernel as a reference."""
    id: str                            # "fused": what phase= takes
    title: str                         # "FlashAttention-2 in one kernel"
    idea: str                          # one sentence
    builds_on: str                     # id of the rung below; empty for the first and for references
    problems: str                      # what it serves, as a person reads it
    rung: int                          # place on the ladder
    reference: bool                    # a library's kernel, for comparison
    min_capability: Tuple[int, int]    # least compute capability, as torch.cuda.get_device_capability() has it


def _text(value):
    return value.decode("utf-8")


def phases() -> List[Phase]:
    """The phases of the library, the ladder first, then the references. "auto" chooses among them."""
    lib = library()
    found = []
    for index in range(lib.fc_phase_count()):
        info = _abi.PhaseInfo(struct_size=ctypes.sizeof(_abi.PhaseInfo))
        check(lib, lib.fc_phase_at(index, ctypes.byref(info)))
        found.append(Phase(_text(info.id), _text(info.title), _text(info.idea), _text(info.builds_on),
                           _text(info.problems), info.rung, bool(info.reference), divmod(info.min_compute, 10)))
    return found


def version() -> str:
    """The library's version and build: "0.1.0, CUDA 13.0.88, kernels 320770967eed"."""
    return _text(library().fc_build())
