#!/usr/bin/env python3
"""flashcore.attention on a GPU against the formula in float64: every phase, both types, layouts, views, masks, errors."""
import unittest

import support

support.need(torch=True, gpu=True)
import torch  # noqa: E402

import flashcore  # noqa: E402
import reference  # noqa: E402

DTYPES = (torch.float16, torch.bfloat16)
# B, H, Hkv, Sq, Sk, D, causal
PROBLEMS = [(1, 1, 1, 1, 1, 64, False), (2, 4, 4, 64, 128, 64, False), (2, 4, 4, 64, 128, 64, True), (1, 2, 1, 239, 1, 64, False),
            (1, 4, 2, 113, 203, 128, True), (1, 3, 1, 203, 113, 128, True), (2, 8, 2, 108, 256, 64, True),
            (1, 8, 8, 512, 512, 64, False), (1, 8, 8, 512, 512, 64, True), (4, 8, 8, 256, 256, 128, False),
            (1, 32, 8, 1, 1024, 128, False), (1, 32, 8, 3, 1024, 128, True), (1, 2, 2, 1023, 1024, 64, True)]


def usable_phases():
    """(id, why not) of every phase for a problem that all serve."""
    q, k, v = make(1, 8, 8, 128, 128, 64)
    return [(phase, flashcore.why_not(q, k, v, phase=phase))
            for phase in ["auto", *(phase.id for phase in flashcore.phases())]]


def make(b, h, hkv, sq, sk, d, dtype=torch.float16, seed=1):
    generator = torch.Generator(device="cuda").manual_seed(seed)

    def tensor(heads, seq):
        return torch.randn(b, heads, seq, d, generator=generator, device="cuda", dtype=torch.float32).to(dtype)
    return tensor(h, sq), tensor(hkv, sk), tensor(hkv, sk)


PHASES = [phase for phase, why in usable_phases() if why is None]
REFERENCES = {phase.id for phase in flashcore.phases() if phase.reference}


def phases_for(q, k, v, **options):
    """Those that serve the call. Of the project's own, all have to."""
    for phase in PHASES:
        why = flashcore.why_not(q, k, v, phase=phase, **options)
        if why is None:
            yield phase
        elif phase not in REFERENCES:
            raise AssertionError(f"{phase}: {why}")


class Right(unittest.TestCase):
    def test_every_own_phase_is_there(self):
        for phase, why in usable_phases():
            if why is not None:
                print(f"\n  {phase} is left out: {why}")
                self.assertIn(phase, REFERENCES)

    def test_every_problem(self):
        for dtype in DTYPES:
            for *sizes, causal in PROBLEMS:
                q, k, v = make(*sizes, dtype)
                for phase in phases_for(q, k, v, causal=causal):
                    message = f"{phase} {dtype} {sizes} causal={causal}"
                    o, lse = flashcore.attention(q, k, v, causal=causal, phase=phase, return_lse=True)
                    reference.check(self, o, q, k, v, causal, lse=lse, message=message)
                    alone = flashcore.attention(q, k, v, causal=causal, phase=phase)
                    reference.check(self, alone, q, k, v, causal, message=f"{message}, without lse")

    def test_scale(self):
        q, k, v = make(1, 4, 4, 128, 192, 64)
        for phase in PHASES:
            for scale in (0.05, 0.3, 1):
                o, lse = flashcore.attention(q, k, v, scale=scale, phase=phase, return_lse=True)
                reference.check(self, o, q, k, v, scale=scale, lse=lse, message=f"{phase} scale={scale}")

    def test_long_enough_for_many_blocks(self):
        for dtype in DTYPES:
            q, k, v = make(2, 16, 4, 2048, 2048, 128, dtype)
            o = flashcore.attention(q, k, v, causal=True)
            reference.check(self, o[:1, :4], q[:1, :4], k[:1, :1], v[:1, :1], True)
            reference.check(self, o[1:, 12:], q[1:, 12:], k[1:, 3:], v[1:, 3:], True)


class Views(unittest.TestCase):
    def setUp(self):
        self.q, self.k, self.v = make(2, 8, 4, 130, 200, 64)

    def right(self, o, phase, lse=None):
        reference.check(self, o, self.q, self.k, self.v, True, lse=lse, message=phase)

    def test_bshd(self):
        q, k, v = (x.transpose(1, 2).contiguous() for x in (self.q, self.k, self.v))
        for phase in phases_for(q, k, v, causal=True, layout="bshd"):
            o, lse = flashcore.attention(q, k, v, causal=True, phase=phase, layout="bshd", return_lse=True)
            self.assertTrue(o.is_contiguous())
            self.right(o.transpose(1, 2), phase, lse)
            turned = flashcore.attention(*(x.transpose(1, 2) for x in (q, k, v)), causal=True, phase=phase)
            self.right(turned, phase)
            self.assertEqual(turned.stride(), q.transpose(1, 2).stride())  # the memory order of q

    def test_packed_and_padded(self):
        b, h, s, d = self.q.shape
        packed = torch.full((b, s, 3, h, d + 8), float("nan"), device="cuda", dtype=self.q.dtype)
        packed[:, :, 0, :, :d] = self.q.transpose(1, 2)
        q = packed[:, :, 0, :, :d].transpose(1, 2)
        out = packed[:, :, 1, :, :d].transpose(1, 2)
        for phase in phases_for(q, self.k, self.v, causal=True, out=out):
            self.right(flashcore.attention(q, self.k, self.v, causal=True, phase=phase), phase)
            self.assertIs(flashcore.attention(q, self.k, self.v, causal=True, phase=phase, out=out), out)
            self.right(out, phase)
            self.assertTrue(torch.equal(q, self.q))
            self.assertTrue(packed[..., d:].isnan().all() and packed[:, :, 2].isnan().all(), f"{phase} wrote beside out")
            packed[:, :, 1] = float("nan")

    def test_a_plan_is_for_the_strides_of_each_tensor(self):
        plain = {"q": self.q, "k": self.k, "v": self.v, "out": torch.empty_like(self.q)}
        for phase in phases_for(self.q, self.k, self.v, causal=True):
            for name in (None, *plain):
                tensors = dict(plain)
                if name is not None:
                    tensors[name] = plain[name].transpose(1, 2).contiguous().transpose(1, 2)
                o = flashcore.attention(**tensors, causal=True, phase=phase)
                self.assertIs(o, tensors["out"])
                self.right(o, f"{phase}, {name} turned")

    def test_slices(self):
        q, k, v = self.q[:, 2:6, 3:77], self.k[:, 1:3, 50:], self.v[:, 1:3, 50:]
        for phase in phases_for(q, k, v):
            reference.check(self, flashcore.attention(q, k, v, phase=phase), q, k, v, message=phase)

    def test_broadcast_inputs(self):
        k, v = self.k[:1, :1].expand(2, 4, -1, -1), self.v[:1, :1].expand(2, 4, -1, -1)
        q = self.q[:1].expand(2, -1, -1, -1)
        for queries in (self.q, q):
            for phase in phases_for(queries, k, v):
                reference.check(self, flashcore.attention(queries, k, v, phase=phase), queries, k, v, message=phase)

    def test_out_with_lse(self):
        for phase in phases_for(self.q, self.k, self.v, causal=True):
            out = torch.empty_like(self.q)
            o, lse = flashcore.attention(self.q, self.k, self.v, causal=True, phase=phase, out=out, return_lse=True)
            self.assertIs(o, out)
            self.right(o, phase, lse)

    def test_nothing_to_compute(self):
        for empty in (self.q[:0], self.q[:, :0], self.q[:, :, :0]):
            k, v = (x[:0] if empty.shape[0] == 0 else x for x in (self.k, self.v))
            o, lse = flashcore.attention(empty, k, v, return_lse=True)
            self.assertEqual((o.shape, lse.shape), (empty.shape, empty.shape[:3]))


class Refused(unittest.TestCase):
    def refuses(self, words, *tensors, error=ValueError, **options):
        before = torch.cuda.current_device()
        with self.assertRaisesRegex(error, words):
            flashcore.attention(*tensors, **options)
        torch.cuda.synchronize()
        self.assertEqual(torch.cuda.current_device(), before)

    def test_what_no_phase_serves(self):
        for phase in PHASES:
            if phase not in REFERENCES and phase != "auto":
                self.refuses(f"phase {phase} does not serve D = 72", *make(1, 2, 2, 64, 64, 72), phase=phase)
            self.refuses("hkv = 3 does not divide h = 8", *make(1, 8, 3, 64, 64, 64), phase=phase)
            self.refuses("sk = 0", *make(1, 2, 2, 64, 0, 64), phase=phase)
            self.refuses("f32|float32", *make(1, 2, 2, 64, 64, 64, torch.float32), phase=phase)
            self.refuses("scale", *make(1, 2, 2, 64, 64, 64), phase=phase, scale=float("nan"))
        self.refuses("nosuch", *make(1, 2, 2, 64, 64, 64), phase="nosuch")

    def test_memory(self):
        q, k, v = make(1, 2, 2, 64, 64, 64)
        shifted = torch.empty(q.numel() + 1, dtype=q.dtype, device="cuda")[1:].view(q.shape)
        for phase in PHASES:
            for message, tensors in (("^Q does not start on a 16-byte boundary; ", (shifted, k, v)),
                                     ("^K does not start on a 16-byte boundary; ", (q, shifted, v)),
                                     ("^V does not start on a 16-byte boundary; ", (q, k, shifted))):
                self.refuses(message, *tensors, phase=phase)
            self.refuses("^O does not start on a 16-byte boundary; ", q, k, v, out=shifted, phase=phase)
        odd = torch.empty(1, 2, 64, 65, dtype=q.dtype, device="cuda")[..., :64]
        self.refuses("row stride of Q is 65 elements", odd, k, v)
        self.refuses("head dimension of k has a stride of 64", q, k.transpose(2, 3), v.transpose(2, 3))
        self.refuses("rows of O share memory|share memory", q, k, v, out=q[:, :1].clone().expand(1, 2, 64, 64))

    def test_out_is_of_its_own(self):
        q, k, v = make(1, 2, 2, 64, 64, 64)
        for name, tensor in zip("qkv", (q, k, v)):
            self.refuses(f"out shares memory with {name}", q, k, v, out=tensor)
        both = torch.zeros(3, 2, 64, 64, dtype=q.dtype, device="cuda")
        self.refuses("out shares memory with q", both[:1], k, v, out=both.view(-1)[64:64 + q.numel()].view(q.shape))
        flashcore.attention(both[:1], k, v, out=both[1:2])

    def test_devices(self):
        q, k, v = make(1, 2, 2, 64, 64, 64)
        self.refuses("k is on cpu and q is on cuda:0", q, k.cpu(), v)

    def test_gradients(self):
        q, k, v = make(1, 2, 2, 64, 64, 64)
        expected = flashcore.attention(q, k, v)
        q.requires_grad_(True)
        self.refuses("no gradients, and q requires one", q, k, v, error=RuntimeError)
        for mode in (torch.no_grad, torch.inference_mode):
            with mode():
                self.assertTrue(torch.equal(flashcore.attention(q, k, v), expected))
        self.assertTrue(torch.equal(flashcore.attention(q.detach(), k, v), expected))
        with self.assertRaisesRegex(RuntimeError, "no gradients"):
            torch.ops.flashcore.attention(q, k, v)

    def test_a_refused_call_leaves_the_next_one_alone(self):
        q, k, v = make(1, 2, 2, 64, 64, 64)
        self.refuses("D = 72", *make(1, 2, 2, 64, 64, 72), phase="wmma")
        reference.check(self, flashcore.attention(q, k, v), q, k, v)


class Telling(unittest.TestCase):
    def test_plan_says_what_is_launched(self):
        q, k, v = make(1, 8, 8, 512, 512, 64)
        ids = {phase.id for phase in flashcore.phases()}
        self.assertIn(flashcore.plan(q, k, v).phase, ids)  # what "auto" took
        for phase in PHASES[1:]:
            self.assertEqual(flashcore.plan(q, k, v, phase=phase).phase, phase)

    def test_why_not_and_attention_say_the_same(self):
        for tensors, options in ((make(1, 2, 2, 64, 64, 72), {"phase": "wmma"}), (make(1, 8, 3, 64, 64, 64), {}),
                                 (make(1, 8, 3, 64, 64, 64), {"phase": "wmma"}),
                                 (make(1, 2, 2, 64, 64, 64), {"phase": "nosuch"}),
                                 (make(1, 2, 2, 64, 64, 64, torch.float32), {"phase": "wmma"})):
            with self.assertRaises(ValueError) as raised:
                flashcore.attention(*tensors, **options)
            self.assertEqual(str(raised.exception), flashcore.why_not(*tensors, **options))


if __name__ == "__main__":
    support.main()
