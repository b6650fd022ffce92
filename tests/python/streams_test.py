#!/usr/bin/env python3
"""Streams, CUDA graphs, threads and devices: a launch goes where torch's current stream is, and waits for nothing."""
import threading
import time
import unittest
import unittest.mock

import support

support.need(torch=True, gpu=True)
import torch  # noqa: E402

import flashcore  # noqa: E402
import reference  # noqa: E402
from flashcore import _library, _plans  # noqa: E402

REFERENCES = {phase.id for phase in flashcore.phases() if phase.reference}
SLEEP_CYCLES = 200_000_000  # about a tenth of a second


def make(seed=1, b=1, h=8, hkv=8, sq=256, sk=256, d=64, device="cuda"):
    generator = torch.Generator(device=device).manual_seed(seed)
    return [torch.randn(b, heads, seq, d, generator=generator, device=device).half()
            for heads, seq in ((h, sq), (hkv, sk), (hkv, sk))]


def phases():
    q, k, v = make()
    return [phase for phase in ["auto", *(phase.id for phase in flashcore.phases())]
            if flashcore.serves(q, k, v, phase=phase)]


def kept_plan(tensors, phase):
    return _plans.find_plan(*tensors, False, None, phase, "bhsd", False, None)


def judge(tensors, phase):
    """What tells whether a result is right. Own phases give the same bits each time; a library's need not: what cuDNN's split
    keys leave to the last bit changes with the order in which their blocks end."""
    if flashcore.plan(*tensors, phase=phase).phase not in REFERENCES:
        first = flashcore.attention(*tensors, phase=phase)
        return lambda o: torch.equal(o, first)
    exact, most = reference.limit(*tensors)
    return lambda o: (o.double() - exact).abs().max().item() <= most  # not of a NaN


class Streams(unittest.TestCase):
    def test_work_goes_to_the_current_stream(self):
        q, k, v = make(1)
        later = make(2)[0]
        stream = torch.cuda.Stream()
        for phase in phases():
            target = q.clone()
            flashcore.attention(target, k, v, phase=phase)
            torch.cuda.synchronize()
            with torch.cuda.stream(stream):
                torch.cuda._sleep(SLEEP_CYCLES)
                target.copy_(later)  # what attention has to see
                o = flashcore.attention(target, k, v, phase=phase)
            stream.synchronize()
            reference.check(self, o, later, k, v, message=phase)

    def test_nothing_waits(self):
        q, k, v = make()
        for phase in phases():
            flashcore.attention(q, k, v, phase=phase)
            torch.cuda.synchronize()
            torch.cuda._sleep(SLEEP_CYCLES * 5)
            ended = torch.cuda.Event()
            flashcore.attention(q, k, v, phase=phase)
            ended.record()
            self.assertFalse(ended.query(), f"{phase} waited for the GPU")
            torch.cuda.synchronize()

    def test_two_streams_at_once(self):
        """Few queries and many keys: the phases that split the keys take a workspace each."""
        problems = [make(seed, h=32, hkv=8, sq=1, sk=4096, d=128) for seed in (1, 2)]
        for phase in phases():
            if not flashcore.serves(*problems[0], phase=phase):
                continue
            judges = [judge(tensors, phase) for tensors in problems]
            for tensors in problems:
                flashcore.attention(*tensors, phase=phase)
            torch.cuda.synchronize()
            streams = [torch.cuda.Stream() for _ in problems]
            results = [[], []]
            for _ in range(100):
                for stream, tensors, kept in zip(streams, problems, results):
                    with torch.cuda.stream(stream):
                        kept.append(flashcore.attention(*tensors, phase=phase))
            torch.cuda.synchronize()
            for is_right, kept in zip(judges, results):
                self.assertTrue(all(is_right(o) for o in kept), phase)

    def test_threads(self):
        problems = [make(seed, sq=64 + 16 * seed) for seed in range(4)]
        faults = []

        def work(tensors):
            try:
                with torch.cuda.stream(torch.cuda.Stream()):
                    for phase in phases():
                        is_right = judge(tensors, phase)
                        for _ in range(50):
                            if not is_right(flashcore.attention(*tensors, phase=phase)):
                                faults.append(phase)
            except Exception as error:  # of a thread: brought to the test
                faults.append(repr(error))

        torch.cuda.synchronize()
        workers = [threading.Thread(target=work, args=(tensors,)) for tensors in problems]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self.assertEqual(faults, [])


class Graphs(unittest.TestCase):
    def test_capture_and_replay(self):
        for phase in phases():
            for options in ({}, {"causal": True, "return_lse": True}):
                q, k, v = make(1, h=32, hkv=8, sq=1, sk=2048, d=128)
                if not flashcore.serves(q, k, v, phase=phase, **options):
                    continue
                flashcore.plan(q, k, v, phase=phase, **options)
                flashcore.attention(q, k, v, phase=phase, **options)
                torch.cuda.synchronize()
                graph = torch.cuda.CUDAGraph()
                with torch.cuda.graph(graph):
                    result = flashcore.attention(q, k, v, phase=phase, **options)
                for seed in (2, 3):
                    for old, new in zip((q, k, v), make(seed, h=32, hkv=8, sq=1, sk=2048, d=128)):
                        old.copy_(new)
                    torch.cuda.empty_cache()
                    other = torch.full((1 << 24,), float("nan"), device="cuda")  # takes memory that was freed
                    graph.replay()
                    torch.cuda.synchronize()
                    o, lse = result if "return_lse" in options else (result, None)
                    reference.check(self, o, q, k, v, options.get("causal", False), lse=lse, message=f"{phase} {options}")
                    del other

    def test_a_graph_outlives_its_place_in_the_cache(self):
        """It needs no plan of own kernels, which is given back; a library's plan has to outlive it, and is kept."""
        q, k, v = make(1)
        for phase in phases():
            flashcore.attention(q, k, v, phase=phase)
            plan = kept_plan((q, k, v), phase)
            handle, calls_library = plan.handle, plan.lock is not None
            del plan
            self.assertGreaterEqual(calls_library, phase in REFERENCES, phase)
            torch.cuda.synchronize()
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                o = flashcore.attention(q, k, v, phase=phase)
            library = _library.library()
            with unittest.mock.patch.object(library, "fc_plan_destroy", wraps=library.fc_plan_destroy) as destroy:
                _plans.clear()
            self.assertEqual(unittest.mock.call(handle) in destroy.mock_calls, not calls_library, phase)
            graph.replay()
            torch.cuda.synchronize()
            reference.check(self, o, q, k, v, message=phase)

    def test_a_capture_without_a_plan_says_what_to_do(self):
        q, k, v = make(1, sq=48, sk=80)
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with self.assertRaisesRegex(RuntimeError, r"not been planned.*call flashcore.plan\(\)"):
            with torch.cuda.graph(graph):
                flashcore.attention(q, k, v)
        torch.cuda.synchronize()
        reference.check(self, flashcore.attention(q, k, v), q, k, v)


class Plans(unittest.TestCase):
    def test_a_plan_of_a_library_is_destroyed_when_its_launches_are_over(self):
        tensors = make(1)
        library = _library.library()
        destroy = library.fc_plan_destroy
        for phase in phases():
            flashcore.attention(*tensors, phase=phase)
            plan = kept_plan(tensors, phase)
            handle, calls_library = plan.handle, plan.lock is not None
            del plan
            if not calls_library:
                continue
            torch.cuda.synchronize()
            ended, found = torch.cuda.Event(), {}
            torch.cuda._sleep(SLEEP_CYCLES)
            o = flashcore.attention(*tensors, phase=phase)
            ended.record()
            self.assertFalse(ended.query(), phase)

            def destroyed(of):
                found[of] = ended.query()
                destroy(of)

            with unittest.mock.patch.object(library, "fc_plan_destroy", destroyed):
                _plans.clear()
            self.assertIs(found.get(handle), True, phase)
            reference.check(self, o, *tensors, message=phase)

    def test_the_second_call_plans_nothing(self):
        q, k, v = make(5)
        _plans.clear()
        flashcore.attention(q, k, v)
        before = dict(_plans._plans)
        self.assertEqual(len(before), 1)
        flashcore.attention(*make(6))
        self.assertEqual(dict(_plans._plans), before)

    def test_the_number_of_plans_is_bounded(self):
        most, _plans.MAX_PLANS = _plans.MAX_PLANS, 8
        try:
            k = torch.randn(1, 2, 64, 64, device="cuda").half()
            q = torch.randn(1, 2, 32, 64, device="cuda").half()
            for seq in range(1, 33):
                flashcore.attention(q[:, :, :seq], k, k)
                self.assertLessEqual(len(_plans._plans), 8)
            reference.check(self, flashcore.attention(q[:, :, :1], k, k), q[:, :, :1], k, k)
        finally:
            _plans.MAX_PLANS = most

    def test_a_launch_of_a_kept_plan_takes_little_of_the_host(self):
        q, k, v = make(1, h=1, hkv=1, sq=64, sk=64)
        flashcore.attention(q, k, v)
        best = float("inf")
        for _ in range(20):
            torch.cuda.synchronize()
            begin = time.perf_counter()
            for _ in range(100):
                flashcore.attention(q, k, v)
            best = min(best, (time.perf_counter() - begin) / 100)
        print(f"\n  flashcore.attention: {best * 1e6:.1f} us of the host")
        self.assertLess(best, 50e-6)


@unittest.skipUnless(torch.cuda.device_count() > 1, "one CUDA device")
class Devices(unittest.TestCase):
    def test_the_tensors_say_which_device(self):
        q, k, v = make(1, device="cuda:1")
        torch.cuda.set_device(0)
        for phase in phases():
            for _ in range(2):
                o = flashcore.attention(q, k, v, phase=phase)
                self.assertEqual((o.device.index, torch.cuda.current_device()), (1, 0))
            reference.check(self, o, q, k, v, message=phase)
        with self.assertRaisesRegex(ValueError, "k is on cuda:0 and q is on cuda:1"):
            flashcore.attention(q, k.to("cuda:0"), v)

    def test_the_stream_of_that_device(self):
        q, k, v = make(1, device="cuda:1")
        later = make(2, device="cuda:1")[0]
        flashcore.attention(q, k, v)
        torch.cuda.synchronize(1)
        stream = torch.cuda.Stream(device=1)
        with torch.cuda.stream(stream), torch.cuda.device(0):
            with torch.cuda.device(1):
                torch.cuda._sleep(SLEEP_CYCLES)
                q.copy_(later)
            o = flashcore.attention(q, k, v)
        stream.synchronize()
        reference.check(self, o, later, k, v)


if __name__ == "__main__":
    support.main()
