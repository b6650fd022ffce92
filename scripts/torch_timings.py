"""The table and the file of scripts/compare_torch. Standard library only."""
import json
import math
import os
import re
import statistics
import sys
import tempfile

from ncu_runs import Stop

SCHEMA, SCHEMA_VERSION = "flashcore.timings", 1
REFERENCE = ("torch.cudnn", "cudnn")  # what ratios are against: the first that was timed
WARM_UP_MS = 5.0                      # at each visit


def say(text):
    """Progress: on a terminal only, one line that is written over."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K" + text[:100])
        sys.stderr.flush()


def percentile(values, share):
    """Between the two nearest, as analysis/statistics.cpp has it."""
    ordered = sorted(values)
    at = share * (len(ordered) - 1)
    low = math.floor(at)
    return ordered[low] + (at - low) * (ordered[min(low + 1, len(ordered) - 1)] - ordered[low])


def print_table(problem, taken, left_out):
    say("")
    timed = {one.subject.name: percentile([s["duration_ns"] for s in one.samples], 0.5)
             for one in taken if one.samples and one.answer == "right"}
    against = next((name for name in REFERENCE if name in timed), None)
    ratio = f"vs {against}" if against else ""
    print(f"\n{problem.label}  ({problem.canonical})  {problem.flops / 1e9:.3f} GFLOP")
    print(f"  {'subject':<26}{'p50 us':>10}{'p10 .. p90':>22}{'TFLOP/s':>10}{ratio:>16}{'MHz':>8}  answer")
    for one in sorted(taken, key=lambda one: timed.get(one.subject.name, math.inf)):
        name = one.subject.name
        if name not in timed:
            print(f"  {name:<26}{'-':>10}{'':>22}{'':>10}{'':>16}{'':>8}  {one.answer.upper()}, no result")
            continue
        times = [sample["duration_ns"] / 1e3 for sample in one.samples]
        clocks = [sample["clock_mhz"] for sample in one.samples if "clock_mhz" in sample]
        spread = f"{percentile(times, 0.1):.3f} .. {percentile(times, 0.9):.3f}"
        faster = f"{timed[against] / timed[name]:.3f}x" if against else ""
        clock = f"{statistics.median(clocks):.0f}" if clocks else "-"
        print(f"  {name:<26}{timed[name] / 1e3:>10.3f}{spread:>22}{problem.flops / timed[name] / 1e3:>10.1f}"
              f"{faster:>16}{clock:>8}  {one.answer}")
    for entry in left_out:
        print(f"  {entry['name']:<26}left out: {entry['reason']}")
    sys.stdout.flush()


def versions(torch, flashcore):
    cudnn = torch.backends.cudnn.version() or 0
    told = {"torch": str(torch.__version__), "torch_cuda": torch.version.cuda or "",
            "torch_cudnn": f"{cudnn // 10000}.{cudnn // 100 % 100}.{cudnn % 100}"}
    if flashcore:
        told["flashcore"] = flashcore.version()
    return told


def file_of(comparison, options, flashcore, began, problems):
    told = versions(comparison.torch, flashcore)
    environment = comparison.facts.environment(comparison.driver)
    if flashcore:
        # "0.1.0, CUDA 13.0.88, kernels 320770967eed"
        environment["program_version"] = told["flashcore"].split(",")[0]
        built_from = re.search(r"kernels ([0-9a-f]{12,64})", told["flashcore"])
        environment["kernels_hash"] = built_from.group(1) if built_from else ""
    return {
        "schema": SCHEMA, "version": SCHEMA_VERSION, "taken_at": began, "cache": "warm",
        "tool": {"name": "PyTorch", "version": told["torch"]},
        "device": comparison.driver.device(options.device), "environment": environment,
        "method": {"method": "graph",
                   "turns": f"{options.rounds} rounds of A B C C B A, {options.samples} replays a visit",
                   "warmup": f"{WARM_UP_MS:g} ms a visit", **told},
        "problems": [{"problem": problem.canonical, "subjects": [one.record() for one in taken],
                      "left_out": left_out} for problem, taken, left_out in problems]}


def json_text(value, indent=""):
    """JSON with what holds nothing but plain values on one line: a sample a line."""
    inner = indent + " "
    parts = value.values() if isinstance(value, dict) else value
    if not isinstance(value, (dict, list)) or not any(isinstance(part, (dict, list)) for part in parts):
        return json.dumps(value, allow_nan=False)
    if isinstance(value, dict):
        lines = [f"{inner}{json.dumps(name)}: {json_text(part, inner)}" for name, part in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    return "[\n" + ",\n".join(inner + json_text(part, inner) for part in value) + f"\n{indent}]"


def write_file(path, content):
    """Whole or not at all."""
    text = json_text(content) + "\n"
    try:
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
            file.write(text)
        os.chmod(file.name, 0o644)
        os.replace(file.name, path)
    except OSError as error:
        raise Stop(5, f"{path} cannot be written: {error.strerror}; the times above are in no file") from error
