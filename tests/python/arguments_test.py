#!/usr/bin/env python3
"""What flashcore says of arguments that it cannot take, with torch and without a GPU: tensors on cpu and meta."""
import os
import unittest

import support

support.need(torch=True)
import torch  # noqa: E402

import flashcore  # noqa: E402


def tensors(b=1, h=8, hkv=8, sq=128, sk=128, d=64, dtype=torch.float16, device="meta"):
    def tensor(heads, seq):
        return torch.empty(b, heads, seq, d, dtype=dtype, device=device)
    return tensor(h, sq), tensor(hkv, sk), tensor(hkv, sk)


class Kinds(unittest.TestCase):
    def refuses(self, error, words, *arguments, **options):
        with self.assertRaisesRegex(error, words):
            flashcore.attention(*arguments, **options)

    def test_wrong_kinds_are_type_errors(self):
        q, k, v = tensors()
        self.refuses(TypeError, "^q is a list; it must be a torch.Tensor", [1], k, v)
        self.refuses(TypeError, "^v is a NoneType; it must be a torch.Tensor", q, k, None)
        self.refuses(TypeError, "^out is a float", q, k, v, out=1.0)
        self.refuses(TypeError, "^causal is a str", q, k, v, causal="yes")
        self.refuses(TypeError, "^causal is a list", q, k, v, causal=[1])
        self.refuses(TypeError, "^scale is a str", q, k, v, scale="1")
        self.refuses(TypeError, "^phase is a int", q, k, v, phase=1)
        self.refuses(TypeError, "^layout is a int", q, k, v, layout=1)
        self.refuses(TypeError, "unexpected keyword", q, k, v, dropout=0.1)

    def test_the_layout_is_one_of_two(self):
        self.refuses(ValueError, 'layout is "sbhd"; it must be "bhsd"', *tensors(), layout="sbhd")

    def test_shapes(self):
        q, k, v = tensors()
        self.refuses(ValueError, 'q has 3 dimensions; layout "bshd" has 4: B, S, H, D', q[0], k, v, layout="bshd")
        self.refuses(ValueError, r"k has shape \(1, 8, 127, 64\) and v \(1, 8, 128, 64\)", q, k[:, :, 1:], v)
        self.refuses(ValueError, "B and D must be the same", *tensors(b=2)[:1], k, v)
        self.refuses(ValueError, "B and D must be the same", q, k[..., :32], v[..., :32])
        self.refuses(ValueError, r"out has shape \(1, 8, 127, 64\)", q, k, v, out=q[:, :, 1:])

    def test_dtypes(self):
        q, k, v = tensors()
        self.refuses(ValueError, "k is torch.bfloat16 and q is torch.float16", q, k.bfloat16(), v)
        self.refuses(ValueError, "q is torch.float64, which no phase serves; take torch.float16", *tensors(dtype=torch.float64))

    def test_devices(self):
        q, k, v = tensors()
        self.refuses(ValueError, "k is on cpu and q is on meta", q, tensors(device="cpu")[1], v)
        self.refuses(ValueError, "q is on cpu; flashcore.attention runs on CUDA devices", *tensors(device="cpu"))

    def test_forward_only(self):
        q, k, v = tensors(device="cpu")
        k.requires_grad_(True)
        self.refuses(RuntimeError, r"no gradients, and k requires one; call it under torch.no_grad\(\)", q, k, v)
        with torch.no_grad():
            self.refuses(ValueError, "q is on cpu", q, k, v)


class Fake(unittest.TestCase):
    def test_shapes_and_strides_of_the_results(self):
        ops = torch.ops.flashcore
        q, k, v = tensors(b=2, h=4, hkv=2, sq=7, sk=9)
        self.assertEqual(ops.attention(q, k, v).shape, q.shape)
        o, lse = ops.attention_with_lse(q, k, v)
        self.assertEqual((o.stride(), lse.shape, lse.dtype), (q.stride(), (2, 4, 7), torch.float32))
        q, k, v = (x.transpose(1, 2) for x in (q, k, v))
        o, lse = ops.attention_with_lse(q, k, v, layout="bshd")
        self.assertEqual((o.shape, o.stride(), lse.shape), (q.shape, q.stride(), (2, 4, 7)))

    def test_errors_are_the_same(self):
        q, k, v = tensors()
        with self.assertRaisesRegex(Exception, "they must be the same"):
            torch.ops.flashcore.attention(q, k[:, :, 1:], v)


@unittest.skipUnless(os.environ.get("FLASHCORE_LIBRARY"), "FLASHCORE_LIBRARY names no built library")
class Questions(unittest.TestCase):
    def test_what_is_served(self):
        for options in ({}, {"phase": "wmma"}, {"causal": True, "return_lse": True}):
            self.assertIsNone(flashcore.why_not(*tensors(), **options))
        self.assertTrue(flashcore.serves(*tensors(h=8, hkv=2, dtype=torch.bfloat16)))
        self.assertTrue(flashcore.serves(*(x.transpose(1, 2) for x in tensors()), layout="bshd"))

    def test_why_not(self):
        def why(words, arguments, **options):
            said = flashcore.why_not(*arguments, **options)
            self.assertRegex(said or "served", words)
            self.assertFalse(flashcore.serves(*arguments, **options))

        why("72", tensors(d=72))
        why("phase wmma does not serve D = 256", tensors(d=256), phase="wmma")
        why("hkv = 3 does not divide h = 8", tensors(h=8, hkv=3))
        why("nosuch", tensors(), phase="nosuch")
        why("scale", tensors(), scale=-1.0)
        why("head dimension of q has a stride of 128 elements", [x.transpose(2, 3) for x in tensors(sq=64, sk=64, d=128)])
        padded = torch.empty(1, 8, 128, 65, dtype=torch.float16, device="meta")[..., :64]
        why("row stride of Q is 65 elements; it must be a multiple of 8", [padded] * 3)
        why("they must be the same", (*tensors()[:2], tensors(sk=64)[2]))

    def test_no_keys(self):
        self.assertRegex(flashcore.why_not(*tensors(sk=0)) or "served", "sk = 0")
        self.assertIsNone(flashcore.why_not(*tensors(b=0)))


if __name__ == "__main__":
    support.main()
