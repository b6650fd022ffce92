#!/usr/bin/env python3
"""compiler_limits_test.py SOURCE BUILD NVCC

Plants what scripts/check_compiler_limits is there to find, each for itself, and looks that it is found and named:
kernels compiled by nvcc that spill, take too many registers or draw a warning, and limits that do not fit."""
import pathlib
import subprocess
import sys
import tempfile

KERNEL = """
__global__ void %(bounds)s planted(const float* in, float* out) {
  %(shared)s
  float kept[%(kept)d];
  for (int i = 0; i < %(kept)d; ++i) kept[i] = in[threadIdx.x + 32 * i];
  __syncthreads();
  for (int i = 0; i < %(kept)d; ++i) out[threadIdx.x * %(kept)d + i] = kept[i] + 1.5f * kept[%(kept)d - 1 - i] %(more)s;
}
"""
LIMITS = """
[general]
registers = 120
shared_bytes = 65536
stack_bytes = 0
"""
PLANTED = "[[kernel]]\nphase = \"planted\"\nname = 'planted'\n"


class Planter:
    def __init__(self, source, build, nvcc, folder):
        self.check = source / "scripts" / "check_compiler_limits"
        self.build, self.nvcc, self.folder, self.failures, self.count = build, nvcc, folder, [], 0

    def compile(self, name, *options, kept=8, bounds="", shared="", more="", text=None):
        """An entry as cmake/kernel_phases.cmake writes it."""
        source = self.folder / f"{name}.cu"
        source.write_text(text or KERNEL % {"kept": kept, "bounds": bounds, "shared": shared, "more": more})
        cubin = self.folder / f"{name}.cubin"
        ran = subprocess.run([self.nvcc, "-std=c++20", "-arch=sm_80", "-cubin", "-Xptxas", "-v", *options, "-o", cubin,
                              source], capture_output=True, text=True, check=False)
        if ran.returncode:
            sys.exit(f"nvcc does not take {name}: {ran.stderr}")
        log = self.folder / f"{name}.log"
        log.write_text(ran.stdout + ran.stderr)
        return f"planted\n80\nshipped\n{cubin}\n{log}\n"

    def expect(self, what, entry, limits, *words, planned="planted\t80\tplanted\t0\n", code=1):
        """The check ends with `code` and says each of `words`."""
        self.count += 1
        files = {"entries": entry, "limits": limits, "planned": planned}
        for name, text in files.items():
            (self.folder / name).write_text(text)
        ran = subprocess.run([sys.executable, self.check, "--build", self.build,
                              *(f"--{name}={self.folder / name}" for name in files)],
                             capture_output=True, text=True, check=False)
        said = ran.stdout + ran.stderr
        if ran.returncode != code:
            self.failures.append(f"{what}: ended with {ran.returncode}, not {code}:\n{said}")
        self.failures += [f"{what}: '{word}' is missing in:\n{said}" for word in words if word not in said]


def plant_kernels(p):
    good = p.compile("good")
    allowed = LIMITS + PLANTED
    p.expect("a good kernel", good, allowed, "all kernels are within", code=0)
    spilling = p.compile("spilling", "-maxrregcount=32", kept=96)
    everything = "registers = 255\nstack_bytes = 4096\nwhy = 'a reason that is long enough to be one'\n"
    p.expect("a spill that limits would allow", spilling, allowed + everything, "spills", "__launch_bounds__")
    p.expect("a stack frame", spilling, allowed, "stack_bytes, ")
    hungry = p.compile("hungry", kept=128)
    p.expect("many registers", hungry, allowed, "registers, ", "over its limit of 120", "FAILS")
    p.expect("many registers with a reason", hungry, allowed + everything, "all kernels are within", code=0)
    p.expect("fewer registers than it needs", good, allowed + "registers = 8\n", "over its limit of 8")
    static = p.compile("static", shared="__shared__ float s[4096]; s[threadIdx.x] = in[0];",
                       more="+ s[threadIdx.x ^ 1]")
    p.expect("static shared memory", static, allowed + "shared_bytes = 16383\n", "16384 shared_bytes, 1 over")
    dynamic = "planted\t80\tplanted\t50000\n"
    p.expect("static and dynamic shared memory", static, allowed, "66384 shared_bytes, 848 over", planned=dynamic)
    p.expect("dynamic shared memory of another class's plan", good, allowed, "70000 shared_bytes, 4464 over",
             planned="planted\t90\tplanted\t70000\n")
    p.expect("more shared memory than a block may have", good,
             allowed + "shared_bytes = 200000\nwhy = 'a reason that is long enough to be one'\n", "at most 166912",
             planned="planted\t80\tplanted\t180000\n")
    return good


def plant_warnings(p):
    allowed = LIMITS + PLANTED
    p.expect("a warning of nvcc", p.compile("unused", shared="int unused;"), allowed, "warning #177-D")
    # A bound that no GPU can keep: ptxas ignores it, and says so.
    ignored = p.compile("ignored", bounds="__launch_bounds__(1024, 8)")
    p.expect("a warning of ptxas", ignored, allowed, "planted on sm_80: ptxas", "warning")
    remark = p.compile("remark")
    log = pathlib.Path(remark.split("\n")[4])
    log.write_text(log.read_text() + "ptxas info    : (C7510) Potential Performance Loss: wgmma.mma_async "
                   "instructions are serialized\n")
    p.expect("a remark of ptxas", remark, allowed, "(C7510)")


def plant_limits(p, good):
    p.expect("no entry", good, LIMITS, "no entry of compiler_limits.toml names it")
    p.expect("a stale entry", good, LIMITS + PLANTED + PLANTED.replace("'planted'", "'gone<*>'"),
             "entry 2: planted, 'gone<*>' names no kernel")
    p.expect("an entry of another target", good, LIMITS + PLANTED + 'targets = ["86"]\n', "no entry", "names no kernel")
    p.expect("two entries", good, LIMITS + PLANTED + PLANTED.replace("'planted'", "'plan*'"), "2 entries name it: 1, 2")
    p.expect("no reason", good, LIMITS + PLANTED + "registers = 121\n", "registers 121 over 120", "'why'")
    p.expect("an empty reason", good, LIMITS + PLANTED + "registers = 121\nwhy = '   '\n", "'why'")
    p.expect("a misspelt key", good, LIMITS + PLANTED + "register = 100\n", "'register' is no key")
    p.expect("a limit that is no number", good, LIMITS + PLANTED + "registers = 'few'\n", "whole number")
    p.expect("broken TOML", good, LIMITS + "[[kernel\n", "limits", code=2)
    p.expect("an instance that nothing plans", good, LIMITS + PLANTED, "no phase plans it",
             planned="planted\t80\tother\t0\n")
    p.expect("a plan of what was not compiled", good, LIMITS + PLANTED, "names other, which was not compiled",
             planned="planted\t80\tplanted\t0\nplanted\t80\tother\t0\n")
    p.expect("entries that are cut off", good[:-10].rsplit("\n", 2)[0] + "\n", LIMITS + PLANTED, "not understood", code=2)


def main():
    source, build, nvcc = map(pathlib.Path, sys.argv[1:4])
    with tempfile.TemporaryDirectory() as folder:
        planter = Planter(source, build, nvcc, pathlib.Path(folder))
        good = plant_kernels(planter)
        plant_warnings(planter)
        plant_limits(planter, good)
    print("\n".join(planter.failures) or f"ok: {planter.count} plantings, each found")
    return 1 if planter.failures else 0


if __name__ == "__main__":
    sys.exit(main())
