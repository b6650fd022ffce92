"""flashcore.attention and the questions about it: torch tensors in, torch tensors out."""
import ctypes
import dataclasses

import torch

from . import _abi, _call, _plans
from ._errors import sentence_of
from ._library import library
from ._ops import register  # noqa: F401  (torch.ops.flashcore is there from here on)

_operator = torch.ops.flashcore.attention.default
_operator_with_lse = torch.ops.flashcore.attention_with_lse.default
_operator_out = torch.ops.flashcore.attention_out.default
_Tensor = torch.Tensor
_is_compiling = torch.compiler.is_compiling
_is_grad_enabled = torch.is_grad_enabled
# Whether somebody watches operators go by (fake tensors, make_fx, FLOP counters; the profiler; torch.jit.trace): they must
# see one. A torch that has another name for it gets the operator always.
_watchers = getattr(torch._C, "_len_torch_dispatch_stack", lambda: 1)
_profiled = getattr(torch.autograd, "_profiler_enabled", lambda: False)
_is_tracing = getattr(torch._C, "_is_tracing", torch.jit.is_tracing)


def attention(q, k, v, causal=False, scale=None, phase="auto", layout="bhsd", return_lse=False, out=None):
    """softmax(scale * q k^T [+ causal mask]) v, forward only, in one launch where the phase allows it.

    q: (B, H, Sq, D), or (B, Sq, H, D) with layout="bshd"; k, v: the same with Hkv heads, where Hkv divides H, and Sk
    keys. float16 or bfloat16 on a CUDA device; any strides of B, H and S that are multiples of 8 elements, D dense:
    nothing is copied. causal is aligned bottom right: query i sees the keys j <= i + (Sk - Sq).
    scale: 1/sqrt(D) where it is None. phase: an id of flashcore.phases(), or "auto", the fastest one that serves
    the call. out: where the result goes; a new tensor in the memory order of q where it is None.

    Returns o, or (o, lse) with return_lse: lse is (B, H, Sq), float32, the natural logarithm of each row's sum. A row
    that sees no key has o = 0 and lse = -inf.

    TypeError: an argument of the wrong kind. ValueError: a shape, dtype, stride or option that is not served, with
    what to do. RuntimeError: a tensor that requires a gradient, a device that fails, or a CUDA graph captured around
    a call that was never planned (flashcore.plan).
    """
    if (_is_compiling() or type(q) is not _Tensor or type(k) is not _Tensor or type(v) is not _Tensor or
            (out is not None and type(out) is not _Tensor) or _watchers() or _profiled() or _is_tracing()):
        return _through_operators(q, k, v, causal, scale, phase, layout, return_lse, out)
    if _is_grad_enabled() and (q.requires_grad or k.requires_grad or v.requires_grad or
                               (out is not None and out.requires_grad)):
        _call.check_forward_only(q, k, v, out)
    o, lse = _plans.run(q, k, v, causal, scale, phase, layout, return_lse, out)
    return (o, lse) if return_lse else o


def _through_operators(q, k, v, causal, scale, phase, layout, return_lse, out):
    _call.check_kinds(q, k, v, causal, scale, phase, layout, out)
    _call.check_forward_only(q, k, v, out)
    causal = bool(causal)
    scale = None if scale is None else float(scale)
    if out is not None:
        lse = q.new_empty(_call.lse_shape(q, layout), dtype=torch.float32) if return_lse else None
        _operator_out(q, k, v, out, lse, causal=causal, scale=scale, phase=phase, layout=layout)
        return (out, lse) if return_lse else out
    operator = _operator_with_lse if return_lse else _operator
    return operator(q, k, v, causal=causal, scale=scale, phase=phase, layout=layout)


def why_not(q, k, v, causal=False, scale=None, phase="auto", layout="bhsd", return_lse=False, out=None):
    """None where nothing speaks against attention() with these arguments; otherwise the sentence it would raise. A library
    (cublas, cudnn) may still refuse a call when it is planned; plan() has the last word.

    Tensors on the device "meta" ask for the phase alone, whatever the GPU, and need none.
    """
    _call.check_kinds(q, k, v, causal, scale, phase, layout, out)
    try:
        _call.check_tensors(q, k, v, layout, out)
        _call.check_device(q)
        if _call.is_empty(q, layout):
            return None
        call = _call.make_call(q, k, v, causal, scale, layout, return_lse, out)
    except ValueError as error:
        return str(error)
    lib = library()
    index = q.get_device() if q.device.type == "cuda" else -1
    if lib.fc_serves(phase.encode(), ctypes.byref(call), index) == _abi.OK:
        return None
    return sentence_of(lib)


def serves(q, k, v, causal=False, scale=None, phase="auto", layout="bhsd", return_lse=False, out=None):
    """Whether why_not() knows nothing against attention() with these arguments."""
    return why_not(q, k, v, causal, scale, phase, layout, return_lse, out) is None


@dataclasses.dataclass(frozen=True)
class Planned:
    """What a call of attention() launches."""
    phase: str            # of "auto": what was taken
    choice: str           # what the phase chose for the problem and the GPU, in a few words; may be empty
    workspace_bytes: int  # taken from torch's caching allocator at each launch


def plan(q, k, v, causal=False, scale=None, phase="auto", layout="bhsd", return_lse=False, out=None):
    """Plans what attention() with these arguments launches, and says what it is. Raises what attention() raises.

    The plan is kept: a CUDA graph may be captured around the call from then on. Nothing is launched.
    """
    _call.check_kinds(q, k, v, causal, scale, phase, layout, out)
    made = _plans.find_plan(q, k, v, causal, scale, phase, layout, return_lse, out)
    if made.handle is None:
        return Planned("", "", 0)
    lib = library()
    return Planned(lib.fc_plan_phase(made.handle).decode(), lib.fc_plan_choice(made.handle).decode(),
                   made.workspace_bytes)
