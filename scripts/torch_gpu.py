"""What scripts/compare_torch asks the driver for, through ctypes: the device as FlashCore's own records have it, and
clock stamps.

Needs PyTorch with a GPU; nothing is compiled. The stamps' kernel is PTX, which the driver itself translates.
"""
import ctypes
import os
import pathlib
import re
import statistics

import torch

# cuDeviceGetAttribute: CUdevice_attribute of cuda.h (CUDA 13.0), by the member of the device in the file.
ATTRIBUTES = {"compute_major": 75, "compute_minor": 76, "sm_count": 16, "sm_clock_max_khz": 13,
              "memory_clock_max_khz": 36, "memory_bus_bits": 37, "l2_bytes": 38, "shared_per_sm_bytes": 81,
              "shared_per_block_optin_bytes": 97, "shared_reserved_per_block_bytes": 111, "registers_per_sm": 82,
              "max_threads_per_sm": 39, "max_blocks_per_sm": 106, "warp_size": 10}

# As collectors/cuda/clock_stamps.cu has it: a block an SM waits until globaltimer steps on (or gives up), and notes
# clock64 and globaltimer of that moment in the SM's slot with one store.
STAMP_PTX = b"""
.version 7.0
.target sm_80
.address_size 64
.visible .entry flashcore_stamp(.param .u64 slots, .param .u32 count)
{
  .reg .pred %stepped, %patient, %outside;
  .reg .u32 %sm, %slots_there;
  .reg .u64 %at, %began, %before, %ns, %cycles, %spent;
  mov.u32 %sm, %smid;
  mov.u64 %began, %clock64;
  mov.u64 %before, %globaltimer;
again:
  mov.u64 %ns, %globaltimer;
  mov.u64 %cycles, %clock64;
  sub.u64 %spent, %cycles, %began;
  setp.ne.u64 %stepped, %ns, %before;
  @%stepped bra note;
  setp.lt.u64 %patient, %spent, 8000000;
  @%patient bra again;
note:
  ld.param.u32 %slots_there, [count];
  setp.ge.u32 %outside, %sm, %slots_there;
  @%outside bra done;
  ld.param.u64 %at, [slots];
  cvta.to.global.u64 %at, %at;
  mad.wide.u32 %at, %sm, 16, %at;
  st.global.v2.u64 [%at], {%cycles, %ns};
done:
  ret;
}
"""
STAMP_KERNEL = "flashcore_stamp"
SLOTS_PER_SM = 2  # %smid runs up to %nsmid, which may be more than the SMs that the device has
FASTEST_CYCLES_PER_NS = 10.0  # no SM comes near: its stamp is torn


class DriverFailed(RuntimeError):
    pass


class Driver:
    def __init__(self):
        self.library = ctypes.CDLL("libcuda.so.1")

    def call(self, name, *arguments):
        status = getattr(self.library, name)(*arguments)
        if status != 0:
            raise DriverFailed(f"{name} failed with CUresult {status}")

    def version(self):
        number = ctypes.c_int()
        self.call("cuDriverGetVersion", ctypes.byref(number))
        return f"{number.value // 1000}.{number.value % 1000 // 10}"

    def device(self, ordinal):
        """The device's members of the file; an attribute that the driver does not know is left out."""
        handle, name, total = ctypes.c_int(), ctypes.create_string_buffer(256), ctypes.c_size_t()
        self.call("cuDeviceGet", ctypes.byref(handle), ordinal)
        self.call("cuDeviceGetName", name, len(name), handle)
        self.call("cuDeviceTotalMem_v2", ctypes.byref(total), handle)
        record = {"name": name.value.decode("utf-8", "replace"), "memory_bytes": total.value}
        for member, attribute in ATTRIBUTES.items():
            value = ctypes.c_int()
            if self.library.cuDeviceGetAttribute(ctypes.byref(value), attribute, handle) == 0:
                record[member] = value.value
        return record


def driver_release():
    """"580.95.05", by NVML; empty where it is missing."""
    text = ctypes.create_string_buffer(96)
    try:
        nvml = ctypes.CDLL("libnvidia-ml.so.1")
        if nvml.nvmlInit_v2() == 0 and nvml.nvmlSystemGetDriverVersion(text, len(text)) == 0:
            return text.value.decode("ascii", "replace")
    except (OSError, AttributeError):
        pass
    return ""


def value_in_file(path, key, separator):
    try:
        for line in pathlib.Path(path).read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith(key):
                return line.partition(separator)[2].strip(' \t"')
    except OSError:
        pass
    return ""


def environment(driver):
    """What changes a number; nothing that names a machine or a person."""
    system = os.uname()
    release = re.match(r"[0-9.]*", system.release).group(0)
    name = value_in_file("/etc/os-release", "PRETTY_NAME", "=") or "Linux"
    cpu = value_in_file("/proc/cpuinfo", "model name", ":") or "unknown CPU"
    return {"driver": driver_release(), "cuda_driver": driver.version(), "cpu": f"{cpu}, {os.cpu_count()} threads",
            "operating_system": f"{name}, {system.sysname} {release} {system.machine}"}


class ClockStamps:
    """Stamps of every SM's cycle counter and the GPU's timer, in stream order on the current stream."""

    def __init__(self, driver, device, stamps):
        self.driver = driver
        self.sms = torch.cuda.get_device_properties(device).multi_processor_count
        self.slots = SLOTS_PER_SM * self.sms
        self.memory = torch.zeros((stamps, self.slots, 2), dtype=torch.int64, device=device)
        self.module, self.kernel = ctypes.c_void_p(), ctypes.c_void_p()
        driver.call("cuModuleLoadData", ctypes.byref(self.module), STAMP_PTX)
        driver.call("cuModuleGetFunction", ctypes.byref(self.kernel), self.module, STAMP_KERNEL.encode())

    def clear(self):
        self.memory.zero_()

    def enqueue(self, index):
        slots = ctypes.c_uint64(self.memory[index].data_ptr())
        count = ctypes.c_uint32(self.slots)
        arguments = (ctypes.c_void_p * 2)(ctypes.addressof(slots), ctypes.addressof(count))
        stream = ctypes.c_void_p(torch.cuda.current_stream().cuda_stream)
        self.driver.call("cuLaunchKernel", self.kernel, self.sms, 1, 1, 1, 1, 1, 0, stream, arguments, None)

    def clocks(self, pairs):
        """Of each pair of stamps (2i, 2i + 1) the median over the SMs, in MHz; None where no SM has both."""
        stamps = self.memory[:2 * pairs].cpu().tolist()
        return [clock_between(stamps[2 * i], stamps[2 * i + 1]) for i in range(pairs)]


def clock_between(begin, end):
    rates = []
    for (cycles, ns), (cycles_after, ns_after) in zip(begin, end):
        passed, time = cycles_after - cycles, ns_after - ns
        if (cycles or ns) and time > 0 and 0 < passed < FASTEST_CYCLES_PER_NS * time:
            rates.append(passed / time)
    return 1000.0 * statistics.median(rates) if rates else None
