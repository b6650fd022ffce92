"""kernels/c_api/flashcore_kernels.h for ctypes: its numbers, structs and functions.

tests/python/abi_test.py compiles the header and compares every value, size and offset with what stands here.
"""
import ctypes
from ctypes import c_char_p, c_float, c_int32, c_int64, c_size_t, c_void_p

VERSION_MAJOR = 0
VERSION_MINOR = 1

OK = 0
ERROR_USAGE = 1
ERROR_NO_DEVICE = 2
ERROR_PERMISSION = 3
ERROR_DEVICE = 4
ERROR_EXTERNAL_TOOL = 5
ERROR_FILE = 6
ERROR_MEMORY = 7
ERROR_INTERNAL = 8

F16 = 1
BF16 = 2
F32 = 3
E4M3 = 4
E5M2 = 5


class PhaseInfo(ctypes.Structure):
    """fc_phase_info"""
    _fields_ = [("struct_size", c_size_t), ("id", c_char_p), ("title", c_char_p), ("idea", c_char_p),
                ("builds_on", c_char_p), ("problems", c_char_p), ("rung", c_int32), ("reference", c_int32),
                ("min_compute", c_int32), ("reserved", c_int32)]


class Strides(ctypes.Structure):
    """fc_strides"""
    _fields_ = [("batch", c_int64), ("head", c_int64), ("row", c_int64)]


class Call(ctypes.Structure):
    """fc_call"""
    _fields_ = [("struct_size", c_size_t), ("batch", c_int64), ("heads", c_int64), ("kv_heads", c_int64),
                ("seq_q", c_int64), ("seq_k", c_int64), ("head_dim", c_int64), ("dtype", c_int32), ("causal", c_int32),
                ("q_strides", Strides), ("k_strides", Strides), ("v_strides", Strides), ("o_strides", Strides),
                ("scale", c_float), ("with_lse", c_int32)]


class Pointers(ctypes.Structure):
    """fc_pointers"""
    _fields_ = [("struct_size", c_size_t), ("q", c_void_p), ("k", c_void_p), ("v", c_void_p), ("o", c_void_p),
                ("lse", c_void_p), ("workspace", c_void_p)]


# fc_pointers for struct.pack: a launch writes it as bytes, which costs a fifth of filling a Structure.
POINTERS_FORMAT = "N6P"

STRUCTS = {"fc_phase_info": PhaseInfo, "fc_strides": Strides, "fc_call": Call, "fc_pointers": Pointers}

# Function: what it returns, what it takes.
FUNCTIONS = {
    "fc_version": (c_int32, []),
    "fc_build": (c_char_p, []),
    "fc_error_message": (c_char_p, []),
    "fc_error_remedy": (c_char_p, []),
    "fc_error_detail": (c_char_p, []),
    "fc_phase_count": (c_size_t, []),
    "fc_phase_at": (c_int32, [c_size_t, ctypes.POINTER(PhaseInfo)]),
    "fc_set_contiguous": (c_int32, [ctypes.POINTER(Call)]),
    "fc_serves": (c_int32, [c_char_p, ctypes.POINTER(Call), c_int32]),
    "fc_plan_create": (c_int32, [c_char_p, ctypes.POINTER(Call), c_int32, ctypes.POINTER(c_void_p)]),
    "fc_plan_destroy": (None, [c_void_p]),
    "fc_plan_workspace_bytes": (c_size_t, [c_void_p]),
    "fc_plan_phase": (c_char_p, [c_void_p]),
    "fc_plan_choice": (c_char_p, [c_void_p]),
    "fc_plan_calls_library": (c_int32, [c_void_p]),
    "fc_launch": (c_int32, [c_void_p, c_char_p, c_void_p]),
}


def declare(library):
    """Gives the functions of a loaded library their types. AttributeError where it lacks one."""
    for name, (result, arguments) in FUNCTIONS.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
