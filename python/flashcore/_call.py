"""Tensors and options, checked, as the fc_call that the library plans by.

What torch users know is checked here: kinds, shapes, devices. The rules of the kernels (D, strides, alignment, the
number of heads, Sk) are the library's, and its sentence is what is raised.
"""
import ctypes
import math
import numbers

import torch

from . import _abi

DTYPES = {torch.float16: _abi.F16, torch.bfloat16: _abi.BF16, torch.float32: _abi.F32}
for _name, _number in (("float8_e4m3fn", _abi.E4M3), ("float8_e5m2", _abi.E5M2)):
    if hasattr(torch, _name):
        DTYPES[getattr(torch, _name)] = _number

# Where B, H, S, D stand in a tensor's shape.
LAYOUTS = {"bhsd": (0, 1, 2, 3), "bshd": (0, 2, 1, 3)}

FORWARD_ONLY = ("flashcore.attention computes no gradients, and {} requires one; call it under torch.no_grad() or "
                "torch.inference_mode(), pass {}.detach(), or take "
                "torch.nn.functional.scaled_dot_product_attention where a gradient is needed")


def check_forward_only(q, k, v, out=None):
    if torch.is_grad_enabled():
        for name, tensor in (("q", q), ("k", k), ("v", v), ("out", out)):
            if tensor is not None and tensor.requires_grad:
                raise RuntimeError(FORWARD_ONLY.format(name, name))


def check_kinds(q, k, v, causal, scale, phase, layout, out):
    """The kinds of all arguments, and the words that are known here."""
    for name, tensor in (("q", q), ("k", k), ("v", v)):
        if not isinstance(tensor, torch.Tensor):
            raise TypeError(f"{name} is a {type(tensor).__name__}; it must be a torch.Tensor")
    if out is not None and not isinstance(out, torch.Tensor):
        raise TypeError(f"out is a {type(out).__name__}; it must be a torch.Tensor or None")
    if not isinstance(causal, (bool, int)):
        raise TypeError(f"causal is a {type(causal).__name__}; it must be a bool")
    if scale is not None and not isinstance(scale, (float, int)) and not isinstance(scale, numbers.Real):
        raise TypeError(f"scale is a {type(scale).__name__}; it must be a float or None, which is 1/sqrt(D)")
    if not isinstance(phase, str):
        raise TypeError(f"phase is a {type(phase).__name__}; it must be a str: \"auto\" or an id of flashcore.phases()")
    if not isinstance(layout, str):
        raise TypeError(f"layout is a {type(layout).__name__}; it must be \"bhsd\" or \"bshd\"")
    if layout not in LAYOUTS:
        raise ValueError(f"layout is \"{layout}\"; it must be \"bhsd\" (B, H, S, D) or \"bshd\" (B, S, H, D)")


def check_tensors(q, k, v, layout, out):
    """Dimensions, shapes, element types and devices as far as they concern more than one tensor."""
    tensors = [("q", q), ("k", k), ("v", v)] + ([("out", out)] if out is not None else [])
    for name, tensor in tensors:
        if tensor.dim() != 4:
            raise ValueError(f"{name} has {tensor.dim()} dimensions; layout \"{layout}\" has 4: "
                             f"{', '.join(layout.upper())}")
        if tensor.dtype != q.dtype:
            raise ValueError(f"{name} is {tensor.dtype} and q is {q.dtype}; all tensors must have one dtype")
        if tensor.device != q.device:
            raise ValueError(f"{name} is on {tensor.device} and q is on {q.device}; all tensors must be on one device")
    if q.dtype not in DTYPES:
        raise ValueError(f"q is {q.dtype}, which no phase serves; take torch.float16 or torch.bfloat16")
    b, h, s, d = LAYOUTS[layout]
    if k.shape != v.shape:
        raise ValueError(f"k has shape {tuple(k.shape)} and v {tuple(v.shape)}; they must be the same")
    if k.shape[b] != q.shape[b] or k.shape[d] != q.shape[d]:
        raise ValueError(f"q has shape {tuple(q.shape)} and k {tuple(k.shape)}; in layout \"{layout}\" B and D must be "
                         "the same; broadcast k and v with expand()")
    if out is not None and out.shape != q.shape:
        raise ValueError(f"out has shape {tuple(out.shape)} and q {tuple(q.shape)}; they must be the same")


def check_device(q):
    # "meta" is the device of questions (why_not) and of traces.
    if q.device.type not in ("cuda", "meta"):
        raise ValueError(f"q is on {q.device}; flashcore.attention runs on CUDA devices: pass tensors on one")


def is_empty(q, layout):
    """Whether there is nothing to compute: no batch, no head or no query."""
    b, h, s, _ = LAYOUTS[layout]
    return q.shape[b] == 0 or q.shape[h] == 0 or q.shape[s] == 0


def lse_shape(q, layout):
    b, h, s, _ = LAYOUTS[layout]
    return q.shape[b], q.shape[h], q.shape[s]


def _strides(tensor_name, strides, layout):
    b, h, s, d = LAYOUTS[layout]
    if strides[d] != 1:
        raise ValueError(f"the head dimension of {tensor_name} has a stride of {strides[d]} elements; D must lie densely, "
                         f"with a stride of 1: pass {tensor_name}.contiguous()")
    return _abi.Strides(strides[b], strides[h], strides[s])


def out_strides(q):
    """Those of torch.empty_like(q): the order in memory of q's axes."""
    return torch.empty_like(torch.empty_strided(q.shape, q.stride(), dtype=q.dtype, device="meta")).stride()


def make_call(q, k, v, causal, scale, layout, with_lse, out):
    """The checked arguments as the library takes them."""
    b, h, s, d = LAYOUTS[layout]
    head_dim = q.shape[d]
    return _abi.Call(
        struct_size=ctypes.sizeof(_abi.Call), batch=q.shape[b], heads=q.shape[h], kv_heads=k.shape[h],
        seq_q=q.shape[s], seq_k=k.shape[s], head_dim=head_dim, dtype=DTYPES[q.dtype], causal=int(bool(causal)),
        q_strides=_strides("q", q.stride(), layout), k_strides=_strides("k", k.stride(), layout),
        v_strides=_strides("v", v.stride(), layout),
        o_strides=_strides("out", out.stride() if out is not None else out_strides(q), layout),
        scale=float(scale) if scale is not None else 1.0 / math.sqrt(max(head_dim, 1)), with_lse=int(bool(with_lse)))
