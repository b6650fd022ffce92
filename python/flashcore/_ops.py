"""The operators of torch.ops.flashcore, which torch.compile, torch.export and dispatch modes see.

  attention(q, k, v, ...) -> o
  attention_with_lse(q, k, v, ...) -> (o, lse)
  attention_out(q, k, v, out!, lse!, ...)

They are defined with torch.library's own Library rather than with custom_op(), which lays two more Python calls around
each launch. There is no formula of a gradient: forward only, and a tensor that requires one is refused.
"""
import torch

from . import _call, _plans

_OPTIONS = 'bool causal=False, float? scale=None, str phase="auto", str layout="bhsd"'
_SCHEMAS = (
    f"attention(Tensor q, Tensor k, Tensor v, *, {_OPTIONS}) -> Tensor",
    f"attention_with_lse(Tensor q, Tensor k, Tensor v, *, {_OPTIONS}) -> (Tensor, Tensor)",
    f"attention_out(Tensor q, Tensor k, Tensor v, Tensor(a!) out, Tensor(b!)? lse=None, *, {_OPTIONS}) -> ()",
)
_library = torch.library.Library("flashcore", "DEF")


def _tags():
    # A compiler must hand over the strides that were traced: a plan is made for them.
    names = ("pt2_compliant_tag", "needs_exact_strides" if hasattr(torch.Tag, "needs_exact_strides")
             else "needs_fixed_stride_order")
    return tuple(getattr(torch.Tag, name) for name in names if hasattr(torch.Tag, name))


def _attention(q, k, v, *, causal=False, scale=None, phase="auto", layout="bhsd"):
    _call.check_forward_only(q, k, v)
    return _plans.run(q, k, v, causal, scale, phase, layout, False, None)[0]


def _attention_with_lse(q, k, v, *, causal=False, scale=None, phase="auto", layout="bhsd"):
    _call.check_forward_only(q, k, v)
    return _plans.run(q, k, v, causal, scale, phase, layout, True, None)


def _attention_out(q, k, v, out, lse=None, *, causal=False, scale=None, phase="auto", layout="bhsd"):
    _call.check_forward_only(q, k, v, out)
    plan = _plans.find_plan(q, k, v, causal, scale, phase, layout, lse is not None, out)
    if lse is not None and (lse.dtype != torch.float32 or tuple(lse.shape) != tuple(plan.lse_shape) or
                            not lse.is_contiguous() or lse.device != out.device):
        raise ValueError(f"lse must be a contiguous torch.float32 tensor of shape {tuple(plan.lse_shape)} on {out.device}")
    if plan.handle is not None:
        _plans.check_apart(plan, out, q, k, v)
        _plans.launch(plan, q, k, v, out, lse)


def _checked_fake(q, k, v, causal, scale, phase, layout, out=None):
    _call.check_forward_only(q, k, v, out)
    _call.check_kinds(q, k, v, causal, scale, phase, layout, out)
    _call.check_tensors(q, k, v, layout, out)
    _call.check_device(q)


def _fake_attention(q, k, v, *, causal=False, scale=None, phase="auto", layout="bhsd"):
    _checked_fake(q, k, v, causal, scale, phase, layout)
    return torch.empty_like(q)


def _fake_attention_with_lse(q, k, v, *, causal=False, scale=None, phase="auto", layout="bhsd"):
    _checked_fake(q, k, v, causal, scale, phase, layout)
    return torch.empty_like(q), q.new_empty(_call.lse_shape(q, layout), dtype=torch.float32)


def _fake_attention_out(q, k, v, out, lse=None, *, causal=False, scale=None, phase="auto", layout="bhsd"):
    _checked_fake(q, k, v, causal, scale, phase, layout, out)


def register():
    for schema in _SCHEMAS:
        _library.define(schema, tags=_tags())
    for name, kernel, fake in (("attention", _attention, _fake_attention),
                               ("attention_with_lse", _attention_with_lse, _fake_attention_with_lse),
                               ("attention_out", _attention_out, _fake_attention_out)):
        _library.impl(name, kernel, "CUDA")
        torch.library.register_fake(f"flashcore::{name}", fake, lib=_library)


register()
