"""Inputs, and whether an answer is right: what scripts/compare_torch holds every subject against.

The rules are those of kernels/bench/check.h: every element against attention in float64 on the GPU; the largest error
at most twice that of the same maths done plainly in the element type, + 1e-5, the mean error twice its mean, + 1e-6;
rows in bands of those that see about as many keys, each by its own limits. The inputs are PyTorch's random numbers.
"""
import math

import torch

PEAKED_SEED, NORMAL_SEED = 12345, 42
PEAKED_GAIN = 8.0           # Q is so much wider: a row's weight rests on few keys
PLAIN_ELEMENTS = 1 << 18    # compared at least, before a largest error is trusted
MEAN_ELEMENTS = 64          # the mean of fewer decides nothing
SCORES_AT_ONCE = 1 << 25    # of a chunk, so that long problems fit beside what is timed
METHOD = "fp64 on the GPU, every element; PyTorch's random numbers"
DTYPES = {"f16": torch.float16, "bf16": torch.bfloat16}


def make_inputs(problem, peaked, seed, device):
    generator = torch.Generator(device=device).manual_seed(seed)
    dtype = DTYPES[problem.dtype]

    def normal(heads, rows, gain=1.0):
        numbers = torch.randn((problem.b, heads, rows, problem.d), generator=generator, device=device)
        return (gain * numbers).to(dtype)

    return (normal(problem.h, problem.sq, PEAKED_GAIN if peaked else 1.0), normal(problem.hkv, problem.sk),
            normal(problem.hkv, problem.sk))


def bands(problem):
    """(first row, end): rows that see one key or none, then more than 2^(n-1) and at most 2^n."""
    if not problem.causal:
        return [(0, problem.sq)]
    found, begin = [], 0
    order = [max(problem.visible_keys(row) - 1, 0).bit_length() for row in range(problem.sq)]
    for row in range(1, problem.sq + 1):
        if row == problem.sq or order[row] != order[begin]:
            found.append((begin, row))
            begin = row
    return found


def attend(problem, q, k, v, rows, plain):
    """Attention of the rows [first, end) of every head, of all batches: in float64, or plainly in the element type:
    scores are rounded to it after scaling, weights after the softmax, the output at the end; sums are FP32."""
    first, end = rows
    work = torch.float32 if plain else torch.float64
    keys, group = max(problem.visible_keys(end - 1), 1), problem.h // problem.hkv
    pairs = problem.b * problem.hkv  # a head of K and V with the heads of Q that read it
    q_of = q[:, :, first:end].reshape(pairs, group, end - first, problem.d)
    k_of, v_of = (t[:, :, :keys].reshape(pairs, 1, keys, problem.d) for t in (k, v))
    out = torch.empty(q_of.shape, dtype=q.dtype if plain else work, device=q.device)
    row_step = min(end - first, max(1, SCORES_AT_ONCE // (group * keys)))
    pair_step = max(1, SCORES_AT_ONCE // (group * keys * row_step))
    for pair in range(0, pairs, pair_step):
        here = slice(pair, pair + pair_step)
        k_here, v_here = k_of[here].to(work).transpose(-1, -2), v_of[here].to(work)
        for begin in range(0, end - first, row_step):
            part = slice(begin, begin + row_step)
            scores = q_of[here, :, part].to(work) @ k_here
            scores *= 1.0 / math.sqrt(problem.d)
            if plain:
                scores = scores.to(q.dtype).to(work)
            if problem.causal:
                hide_later_keys(problem, scores, first + begin)
            weights = torch.softmax(scores, dim=-1)
            if problem.causal and problem.sq > problem.sk:
                weights = weights.nan_to_num(0.0)  # a row that sees no key yields zeros
            if plain:
                weights = weights.to(q.dtype).to(work)
            out[here, :, part] = (weights @ v_here).to(out.dtype)
    return out.view(problem.b, problem.h, end - first, problem.d)


def hide_later_keys(problem, scores, first_row):
    rows, keys = scores.shape[-2:]
    last = torch.arange(first_row, first_row + rows, device=scores.device) + (problem.sk - problem.sq)
    later = torch.arange(keys, device=scores.device)[None, :] > last[:, None]
    scores.masked_fill_(later, float("-inf"))


def errors_of(answer, reference):
    """(largest, mean, NaN, Inf, compared) of the elements."""
    difference = (answer.double() - reference).abs()
    finite = torch.isfinite(answer)
    compared = int(finite.sum())
    difference = torch.where(finite, difference, torch.zeros((), dtype=torch.float64, device=answer.device))
    nan = int(torch.isnan(answer).sum())
    largest = float(difference.max()) if compared else 0.0
    mean = float(difference.sum()) / compared if compared else 0.0
    return largest, mean, nan, answer.numel() - compared - nan, compared


class Reference:
    """The right answer of one input of a problem, and the limits of each band."""

    def __init__(self, problem, peaked, device):
        self.problem, self.device = problem, device
        self.input = "peaked" if peaked else "normal"
        self.seed = PEAKED_SEED if peaked else NORMAL_SEED
        self.inputs = make_inputs(problem, peaked, self.seed, device)
        self.answer = attend(problem, *self.inputs, (0, problem.sq), plain=False)
        self.bands = [(rows, *self.plain_errors(rows, peaked)) for rows in bands(problem)]

    def plain_errors(self, rows, peaked):
        """Of the problem's own inputs, and of as many further draws as it takes to trust a maximum."""
        plain = attend(self.problem, *self.inputs, rows, plain=True)
        largest, mean, _, _, compared = errors_of(plain, self.answer[:, :, rows[0]:rows[1]])
        own, draw = max(compared, 1), 0
        while compared < PLAIN_ELEMENTS and draw < 256:
            draw += 1
            inputs = self.draw(peaked, draw)
            exact = attend(self.problem, *inputs, rows, plain=False)
            again = errors_of(attend(self.problem, *inputs, rows, plain=True), exact)
            largest, mean, compared = max(largest, again[0]), max(mean, again[1]), compared + own
        return largest, mean

    def draw(self, peaked, number):
        return make_inputs(self.problem, peaked, self.seed + 1000 * number, self.device)

    def check(self, answer, moment):
        """A check of the file: of the band that comes nearest to a limit or passes it furthest."""
        worst, passed, nan, inf, compared = None, True, 0, 0, 0
        for (first, end), plain_largest, plain_mean in self.bands:
            largest, mean, nans, infs, elements = errors_of(answer[:, :, first:end], self.answer[:, :, first:end])
            nan, inf, compared = nan + nans, inf + infs, compared + elements
            limit, mean_limit = 2 * plain_largest + 1e-5, 2 * plain_mean + 1e-6
            if (end - first) * self.problem.b * self.problem.h * self.problem.d < MEAN_ELEMENTS:
                mean_limit = limit
            nearness = max(largest / limit, mean / mean_limit)
            passed = passed and nearness <= 1
            if worst is None or nearness > worst[0]:
                worst = (nearness, {"max_error": largest, "mean_error": mean, "max_tolerance": limit,
                                    "mean_tolerance": mean_limit, "plain_max_error": plain_largest})
        return {"moment": moment, "input": self.input, "seed": self.seed, "method": METHOD,
                "passed": passed and nan == 0 and inf == 0 and compared > 0, "nan_count": nan, "inf_count": inf,
                "compared": compared, **worst[1]}
