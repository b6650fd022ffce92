#!/usr/bin/env python3
"""The operators under torch's compilers and modes: opcheck, torch.compile, export, dynamic shapes, profiler."""
import unittest

import support

support.need(torch=True, gpu=True)
import torch  # noqa: E402

import flashcore  # noqa: E402
import reference  # noqa: E402


def make(seed=1, b=2, h=8, hkv=4, sq=64, sk=128, d=64, dtype=torch.float16):
    generator = torch.Generator(device="cuda").manual_seed(seed)
    return [torch.randn(b, heads, seq, d, generator=generator, device="cuda").to(dtype)
            for heads, seq in ((h, sq), (hkv, sk), (hkv, sk))]


class Operators(unittest.TestCase):
    def opcheck(self, name, *arguments, **options):
        operator = getattr(torch.ops.flashcore, name).default
        said = torch.library.opcheck(operator, arguments, options)
        self.assertEqual(set(said.values()), {"SUCCESS"}, said)

    def test_opcheck(self):
        q, k, v = make()
        turned = [x.transpose(1, 2).contiguous().transpose(1, 2) for x in (q, k, v)]
        for tensors, options in (((q, k, v), {}), ((q, k, v), {"causal": True, "scale": 0.2}), (turned, {"phase": "wmma"}),
                                 ((q[:1].expand(2, -1, -1, -1), k, v), {}), ((q[:, :, 3:40], k[:, :, 8:], v[:, :, 8:]), {}),
                                 ([x.bfloat16() for x in (q, k, v)], {})):
            self.opcheck("attention", *tensors, **options)
            self.opcheck("attention_with_lse", *tensors, **options)
        self.opcheck("attention", *(x.transpose(1, 2) for x in (q, k, v)), layout="bshd")
        self.opcheck("attention_out", q, k, v, torch.empty_like(q), None)
        self.opcheck("attention_out", q, k, v, torch.empty_like(q), torch.empty(2, 8, 64, device="cuda"), causal=True)

    def test_they_give_what_the_function_gives(self):
        q, k, v = make()
        o, lse = flashcore.attention(q, k, v, causal=True, return_lse=True)
        ops = torch.ops.flashcore
        self.assertTrue(torch.equal(ops.attention(q, k, v, causal=True), o))
        self.assertTrue(all(map(torch.equal, ops.attention_with_lse(q, k, v, causal=True), (o, lse))))
        out, out_lse = torch.empty_like(q), torch.empty_like(lse)
        ops.attention_out(q, k, v, out, out_lse, causal=True)
        self.assertTrue(torch.equal(out, o) and torch.equal(out_lse, lse))

    def test_a_wrong_lse_is_refused(self):
        q, k, v = make()
        for lse in (torch.empty(2, 8, 63, device="cuda"), torch.empty(2, 8, 64, device="cuda", dtype=torch.float16),
                    torch.empty(2, 64, 8, device="cuda").transpose(1, 2)):
            with self.assertRaisesRegex(ValueError, "lse must be a contiguous torch.float32 tensor"):
                torch.ops.flashcore.attention_out(q, k, v, torch.empty_like(q), lse)

    def test_a_parameter_is_a_tensor(self):
        q, k, v = make()
        with torch.no_grad():
            o = flashcore.attention(torch.nn.Parameter(q), k, v)
        self.assertTrue(torch.equal(o, flashcore.attention(q, k, v)))

    def test_the_profiler_sees_it(self):
        q, k, v = make()
        flashcore.attention(q, k, v)
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
            flashcore.attention(q, k, v)
        self.assertIn("flashcore::attention", {event.key for event in profile.key_averages()})


class Compiled(unittest.TestCase):
    def setUp(self):
        torch._dynamo.reset()

    def test_fullgraph(self):
        def model(q, k, v):
            o, lse = flashcore.attention(q * 1.0, k, v, causal=True, return_lse=True)
            return torch.relu(o) + 1, lse

        for backend in ("eager", "aot_eager", "inductor"):
            torch._dynamo.reset()
            compiled = torch.compile(model, fullgraph=True, backend=backend)
            for dtype in (torch.float16, torch.bfloat16):
                q, k, v = make(dtype=dtype)
                for _ in range(2):
                    for found, expected in zip(compiled(q, k, v), model(q, k, v)):
                        torch.testing.assert_close(found, expected, msg=backend)

    def test_layouts_and_views(self):
        def model(x, weight):
            b, s, _ = x.shape
            q, k, v = (x @ weight).view(b, s, 3, 8, 64).unbind(2)
            return flashcore.attention(q, k, v, causal=True, layout="bshd").reshape(b, s, 512)

        x = torch.randn(2, 96, 512, device="cuda").half()
        weight = (torch.randn(512, 3 * 512, device="cuda") / 22).half()
        torch.testing.assert_close(torch.compile(model, fullgraph=True)(x, weight), model(x, weight), atol=4e-3, rtol=4e-3)

    def test_dynamic_shapes(self):
        compiled = torch.compile(lambda q, k, v: flashcore.attention(q, k, v) * 2, fullgraph=True, dynamic=True)
        for seq in (16, 48, 80, 333):
            q, k, v = make(sq=seq, sk=seq + 5)
            torch.testing.assert_close(compiled(q, k, v), flashcore.attention(q, k, v) * 2)

    def test_out(self):
        def model(q, k, v, out):
            flashcore.attention(q, k, v, out=out)
            return out + 1

        q, k, v = make()
        out = torch.zeros_like(q)
        found = torch.compile(model, fullgraph=True)(q, k, v, out)
        expected = flashcore.attention(q, k, v)
        torch.testing.assert_close(out, expected)
        torch.testing.assert_close(found, expected + 1)

    def test_cuda_graphs_of_the_compiler(self):
        compiled = torch.compile(lambda q, k, v: flashcore.attention(q + 1, k, v), fullgraph=True, mode="reduce-overhead")
        for seed in range(5):
            q, k, v = make(seed)
            reference.check(self, compiled(q, k, v).clone(), q + 1, k, v)

    def test_export(self):
        class Model(torch.nn.Module):
            def forward(self, q, k, v):
                return flashcore.attention(q, k, v)

        q, k, v = make()
        exported = torch.export.export(Model(), (q, k, v))
        self.assertIn("flashcore.attention", str(exported.graph))
        torch.testing.assert_close(exported.module()(q, k, v), flashcore.attention(q, k, v))

    def test_what_requires_a_gradient_is_refused(self):
        q, k, v = make()
        q.requires_grad_(True)
        compiled = torch.compile(lambda q, k, v: flashcore.attention(q, k, v))
        with self.assertRaisesRegex(RuntimeError, "no gradients"):
            compiled(q, k, v)
        with torch.no_grad():
            reference.check(self, compiled(q, k, v), q.detach(), k, v)


if __name__ == "__main__":
    support.main()
