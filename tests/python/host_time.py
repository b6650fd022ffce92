#!/usr/bin/env python3
"""What a call costs the host: flashcore.attention, its parts, and torch's scaled_dot_product_attention beside it.

usage: tests/python/host_time.py
Microseconds of the calling thread, the least of 30 rounds of 200 calls; the GPU has little to do and its queue is
empty at the beginning of each round, so nothing waits for it. On a machine with torch and a GPU.
"""
import time

import support

support.need(torch=True, gpu=True)
import torch  # noqa: E402

import flashcore  # noqa: E402
from flashcore import _plans  # noqa: E402

ROUNDS, CALLS = 30, 200


def host_us(call):
    call()
    least = float("inf")
    for _ in range(ROUNDS):
        torch.cuda.synchronize()
        begin = time.perf_counter()
        for _ in range(CALLS):
            call()
        least = min(least, time.perf_counter() - begin)
    torch.cuda.synchronize()
    return least / CALLS * 1e6


def planning_us(q, k, v):
    """A call whose plan is not there yet, without the first of the process."""
    least = float("inf")
    for _ in range(20):
        _plans.clear()
        torch.cuda.synchronize()
        begin = time.perf_counter()
        flashcore.plan(q, k, v)
        least = min(least, time.perf_counter() - begin)
    return least * 1e6


def main():
    q, k, v = (torch.randn(1, 1, 64, 64, device="cuda").half() for _ in range(3))
    out = torch.empty_like(q)
    plan = _plans.find_plan(q, k, v, False, None, "auto", "bhsd", False, None)
    print(f"{flashcore.version()}; torch {torch.__version__}; {torch.cuda.get_device_name()}; "
          f"auto takes {flashcore.plan(q, k, v).phase}")
    sdpa = torch.nn.functional.scaled_dot_product_attention
    rows = [("attention(q, k, v)", lambda: flashcore.attention(q, k, v)),
            ("attention(..., out=out)", lambda: flashcore.attention(q, k, v, out=out)),
            ("attention(..., return_lse=True)", lambda: flashcore.attention(q, k, v, return_lse=True)),
            ("torch.ops.flashcore.attention", lambda: torch.ops.flashcore.attention.default(q, k, v)),
            ("  of it: finding the plan", lambda: _plans.find_plan(q, k, v, False, None, "auto", "bhsd", False, None)),
            ("  of it: torch.empty_like", lambda: torch.empty_like(q)),
            ("  of it: the launch", lambda: _plans.launch(plan, q, k, v, out, None)),
            ("torch's scaled_dot_product_attention", lambda: sdpa(q, k, v))]
    with torch.no_grad():
        for name, call in rows:
            print(f"{host_us(call):8.2f} us  {name}")
    print(f"{planning_us(q, k, v):8.2f} us  planning what was not planned before")


if __name__ == "__main__":
    main()
