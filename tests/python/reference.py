"""Attention by its formula, in float64 and in the element type, and how far a kernel may be from it."""
import math

import torch


def attention(q, k, v, causal=False, scale=None, dtype=torch.float64):
    """B, H, S, D in; (o, lse) in `dtype` out. The causal mask is aligned bottom right; a row without keys is 0, -inf."""
    group = q.shape[1] // k.shape[1]
    q = q.to(dtype)
    k, v = (x.to(dtype).repeat_interleave(group, dim=1) for x in (k, v))
    scores = (q @ k.transpose(-1, -2)) * (scale if scale is not None else 1 / math.sqrt(q.shape[-1]))
    if causal:
        seq_q, seq_k = scores.shape[-2:]
        visible = torch.ones(seq_q, seq_k, dtype=torch.bool, device=q.device).tril(seq_k - seq_q)
        scores = scores.masked_fill(~visible, -math.inf)
    return torch.softmax(scores, dim=-1).nan_to_num(0.0) @ v, torch.logsumexp(scores, dim=-1)


def limit(q, k, v, causal=False, scale=None):
    """Twice the error of the same maths done plainly in the element type, and 1e-5 (Dao 2023, FlashAttention-2's tests)."""
    exact, _ = attention(q, k, v, causal, scale)
    plain, _ = attention(q, k, v, causal, scale, dtype=q.dtype)
    return exact, 2 * (plain.double() - exact).abs().max().item() + 1e-5


def check(test, o, q, k, v, causal=False, scale=None, lse=None, message=""):
    """Every element of o, and of lse where it is given."""
    exact, most = limit(q, k, v, causal, scale)
    test.assertTrue(torch.isfinite(o).all(), f"{message}: not finite")
    error = (o.double() - exact).abs().max().item() if o.numel() else 0.0
    test.assertLessEqual(error, most, message)
    if lse is not None:
        _, expected = attention(q, k, v, causal, scale)
        test.assertEqual((lse.dtype, lse.shape), (torch.float32, expected.shape), message)
        test.assertTrue(torch.equal(lse.isinf(), expected.isinf()), f"{message}: rows without keys")
        seen = ~expected.isinf()
        # A kernel may sum the probabilities as it has rounded them.
        of_rounding = 1e-3 if q.dtype == torch.float16 else 8e-3
        error = (lse.double() - expected)[seen].abs().max().item() if seen.any() else 0.0
        test.assertLessEqual(error, of_rounding, f"{message}: lse")
