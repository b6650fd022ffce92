"""Plan once, launch often: a bounded cache of plans, and the short way from tensors to a launch.

A plan belongs to the shapes, strides, element type, device and options of a call; run() finds it by them, so that a
second call of the same kind checks nothing again but its pointers. What the way costs the host is in
docs/python.md; tests/python/host_time.py measures it.
"""
import collections
import ctypes
import struct
import sys
import threading

import torch

from . import _abi, _call
from ._errors import check
from ._library import library

MAX_PLANS = 1024  # some hundred bytes each; the one that was used longest ago goes first

_pack_pointers = struct.Struct(_abi.POINTERS_FORMAT).pack
_POINTERS_SIZE = ctypes.sizeof(_abi.Pointers)
_plans = collections.OrderedDict()
# Plans that call a library and of which a graph was captured. A graph does not tell when it ends, and such a plan has to
# outlive it (flashcore_kernels.h): they stay as long as the process.
_captured = set()
# Launches through a library (cublas, cudnn) may not overlap one another on the host.
_library_lock = threading.Lock()
_empty = torch.empty
_empty_like = torch.empty_like
_float32 = torch.float32
_uint8 = torch.uint8

# The stream's handle without an object around it; torch's own generated code takes this way.
_raw_stream = getattr(torch._C, "_cuda_getCurrentRawStream", None)
if _raw_stream is None:
    def _raw_stream(index):
        return torch.cuda.current_stream(index).cuda_stream


class Plan:
    """What a call needs at a launch. handle is None where there is nothing to compute."""
    __slots__ = ("handle", "launch", "index", "device", "workspace_bytes", "lse_shape", "lock", "dense_bytes",
                 "many_devices", "_library")

    def __init__(self):
        self.handle = None
        self._library = None

    def __del__(self):
        # At the end of the process the driver may be gone; it takes everything back by itself.
        if self.handle is not None and not sys.is_finalizing() and (self.lock is None or _has_ended(self.index)):
            self._library.fc_plan_destroy(self.handle)


def _has_ended(index):
    """Waits for the device, so that what a library's plan has enqueued is over. False where that is not possible: of a device
    that failed, and around a capture, which forbids it. What the plan holds is then never given back."""
    try:
        if torch.cuda.is_current_stream_capturing():
            return False
        torch.cuda.synchronize(index)
    except RuntimeError:
        return False
    return True


def _is_capturing(plan):
    if plan.many_devices and torch.cuda.current_device() != plan.index:
        with torch.cuda.device(plan.index):
            return torch.cuda.is_current_stream_capturing()
    return torch.cuda.is_current_stream_capturing()


def _dense_bytes(tensors):
    """How many bytes each covers, where all of them have no gaps; otherwise None."""
    if all(tensor.is_contiguous() or tensor.transpose(1, 2).is_contiguous() for tensor in tensors):
        return tuple(tensor.numel() * tensor.element_size() for tensor in tensors)
    return None


def create_handle(phase, call, index):
    """The library's plan. ValueError where the phase does not serve the call."""
    lib = library()
    if torch.cuda.is_current_stream_capturing():
        raise RuntimeError("a CUDA graph is being captured and this call of flashcore.attention has not been planned, "
                           "which is not allowed within a capture; call flashcore.plan() with the same arguments, or "
                           "flashcore.attention() itself, once before it")
    handle = ctypes.c_void_p()
    check(lib, lib.fc_plan_create(phase.encode(), ctypes.byref(call), index, ctypes.byref(handle)))
    return lib, handle.value


def _make_plan(q, k, v, causal, scale, phase, layout, return_lse, out):
    _call.check_kinds(q, k, v, causal, scale, phase, layout, out)
    _call.check_tensors(q, k, v, layout, out)
    _call.check_device(q)
    if q.device.type != "cuda":
        raise ValueError("q is on the device meta, which has no memory; pass tensors on a CUDA device")
    plan = Plan()
    plan.device = q.device
    plan.index = q.get_device()
    plan.lse_shape = _call.lse_shape(q, layout)
    plan.workspace_bytes = 0
    plan.lock = None
    plan.dense_bytes = None if out is None else _dense_bytes((out, q, k, v))
    plan.many_devices = torch.cuda.device_count() > 1
    if _call.is_empty(q, layout):
        return plan
    call = _call.make_call(q, k, v, causal, scale, layout, return_lse, out)
    lib, handle = create_handle(phase, call, plan.index)
    plan._library = lib
    plan.handle = handle
    plan.launch = lib.fc_launch
    plan.workspace_bytes = lib.fc_plan_workspace_bytes(handle)
    if lib.fc_plan_calls_library(handle):
        plan.lock = _library_lock
    return plan


def _keep(key, plan):
    _plans[key] = plan
    while len(_plans) > MAX_PLANS:
        try:
            _plans.popitem(last=False)
        except KeyError:  # another thread was quicker
            break


def clear():
    """Forgets all plans but those in _captured."""
    _plans.clear()


def find_plan(q, k, v, causal, scale, phase, layout, return_lse, out):
    key = (q.shape, q.stride(), k.shape, k.stride(), v.shape, v.stride(), q.dtype, k.dtype, v.dtype, q.get_device(),
           k.get_device(), v.get_device(), causal, scale, phase, layout, return_lse,
           None if out is None else (out.shape, out.stride(), out.dtype, out.get_device()))
    try:
        plan = _plans.get(key)
        if plan is not None:
            _plans.move_to_end(key)
            return plan
    except (TypeError, KeyError):  # an argument without a hash, which is of a wrong kind; gone to make room
        pass
    plan = _make_plan(q, k, v, causal, scale, phase, layout, return_lse, out)
    _keep(key, plan)
    return plan


def check_apart(plan, out, q, k, v):
    """out may be none of the inputs. Of views that interleave in one buffer only what is certain is refused."""
    at, at_q, at_k, at_v = out.data_ptr(), q.data_ptr(), k.data_ptr(), v.data_ptr()
    if plan.dense_bytes is None:
        shared = (at == at_q, at == at_k, at == at_v)
    else:
        size, of_q, of_k, of_v = plan.dense_bytes
        end = at + size
        shared = (at_q < end and at < at_q + of_q, at_k < end and at < at_k + of_k, at_v < end and at < at_v + of_v)
    if True in shared:
        raise ValueError(f"out shares memory with {'qkv'[shared.index(True)]}, which is read while out is written; pass a "
                         "tensor of its own")


def _launch(plan, at, stream):
    if plan.many_devices and torch.cuda.current_device() != plan.index:
        with torch.cuda.device(plan.index):
            return plan.launch(plan.handle, at, stream)
    return plan.launch(plan.handle, at, stream)


def run(q, k, v, causal, scale, phase, layout, return_lse, out):
    """Plain CUDA tensors in, (o, lse) out; lse is None unless it is wanted. Enqueues on the current stream."""
    plan = find_plan(q, k, v, causal, scale, phase, layout, return_lse, out)
    o = _empty_like(q) if out is None else out
    lse = _empty(plan.lse_shape, dtype=_float32, device=plan.device) if return_lse else None
    if plan.handle is None:
        return o, lse
    if out is not None:
        check_apart(plan, out, q, k, v)
    launch(plan, q, k, v, o, lse)
    return o, lse


def launch(plan, q, k, v, o, lse):
    stream = _raw_stream(plan.index)
    workspace = 0
    if plan.workspace_bytes:
        # Of this stream's memory: given back when this function ends, and reused only after the launch in stream order.
        scratch = _empty(plan.workspace_bytes, dtype=_uint8, device=plan.device)
        workspace = scratch.data_ptr()
    at = _pack_pointers(_POINTERS_SIZE, q.data_ptr(), k.data_ptr(), v.data_ptr(), o.data_ptr(),
                        0 if lse is None else lse.data_ptr(), workspace)
    if plan.lock is None:
        status = _launch(plan, at, stream)
    else:
        if _is_capturing(plan):
            _captured.add(plan)
        with plan.lock:
            status = _launch(plan, at, stream)
    if status:
        check(library(), status)
