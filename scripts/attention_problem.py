#!/usr/bin/env python3
"""Attention problems by FlashCore's texts: "mission", "long128,causal", "8,32,1,8192,128,hkv=8,bf16".

The rules are those of core/attention.cpp (which tests/collectors/import/timings_test.cpp holds this file against), the
model's FLOPs those of kernels/models.h. Called as a program it prints the canonical text of each argument.
Standard library only.
"""
import dataclasses
import re
import sys

# B, H, S, D of the named shapes.
SHAPES = {"tiny": (1, 1, 32, 64), "small": (1, 2, 64, 64), "medium": (1, 4, 128, 64), "mission": (1, 8, 512, 64),
          "multi_batch": (4, 8, 256, 64), "large": (1, 8, 1024, 64), "long": (4, 16, 4096, 64),
          "long128": (4, 16, 4096, 128)}
DTYPES = {"f16": 2, "bf16": 2, "f32": 4, "e4m3": 1, "e5m2": 1}  # bytes
NUMBERS = ("b", "h", "hkv", "sq", "sk", "d")
MASKS = ("full", "causal")
MOST_EXTENT = 1 << 24
MOST_HEAD_DIM = 1024
MOST_ELEMENTS = 1 << 40
FORMS = ("give a shape's name, B,H,S,D or B,H,Sq,Sk,D, and further axes after it: mission,causal or "
         "1,8,512,64,hkv=2")


class NotAProblem(ValueError):
    """A sentence that says which rule is broken."""


@dataclasses.dataclass(frozen=True)
class Problem:
    b: int
    h: int
    hkv: int
    sq: int
    sk: int
    d: int
    dtype: str
    mask: str

    @property
    def causal(self):
        return self.mask == "causal"

    @property
    def canonical(self):
        return ",".join(f"{axis.name}={getattr(self, axis.name)}" for axis in dataclasses.fields(self))

    @property
    def label(self):
        """As short as it can be: what people read and type."""
        text = next((name for name, shape in SHAPES.items() if shape == (self.b, self.h, self.sq, self.d)), "")
        if self.sq != self.sk:
            text = f"{self.b},{self.h},{self.sq},{self.sk},{self.d}"
        elif not text:
            text = f"{self.b},{self.h},{self.sq},{self.d}"
        text += f",hkv={self.hkv}" if self.hkv != self.h else ""
        text += f",{self.dtype}" if self.dtype != "f16" else ""
        return text + (",causal" if self.causal else "")

    def visible_keys(self, query):
        """Keys, from the first, that a query sees; the causal mask is aligned bottom right."""
        return min(max(query + self.sk - self.sq + 1, 0), self.sk) if self.causal else self.sk

    @property
    def visible_pairs(self):
        """(query, key) pairs of one head that the mask lets through."""
        if not self.causal:
            return self.sq * self.sk
        first = max(1, self.sk - self.sq + 1)
        return (first + self.sk) * (self.sk - first + 1) // 2

    @property
    def flops(self):
        """Of the two products, for every score that the mask lets through."""
        return 4 * self.b * self.h * self.d * self.visible_pairs


def whole(text, part):
    if not re.fullmatch(r"-?[0-9]+", part):
        raise NotAProblem(f"shape '{text}': '{part}' is not a whole number")
    return int(part)


def read_head(text, parts):
    """The axes that the first parts stand for, and how many parts those are."""
    first = parts[0]
    if "=" in first:
        return {}, 0
    if first in SHAPES:
        b, h, s, d = SHAPES[first]
        return {"b": b, "h": h, "hkv": h, "sq": s, "sk": s, "d": d}, 1
    if not re.match(r"-?[0-9]", first):
        raise NotAProblem(f"unknown shape '{first}'; there are {', '.join(SHAPES)}")
    numbers = []
    for part in parts:
        if "=" in part or part in MASKS or part in DTYPES:
            break
        numbers.append(whole(text, part))
    if len(numbers) not in (4, 5):
        raise NotAProblem(f"shape '{text}': has {len(numbers)} numbers; it takes four (B,H,S,D) or five (B,H,Sq,Sk,D)")
    b, h, sq = numbers[:3]
    return {"b": b, "h": h, "hkv": h, "sq": sq, "sk": numbers[-2], "d": numbers[-1]}, len(numbers)


def read_axis(text, part):
    if part in MASKS:
        return "mask", part
    if part in DTYPES:
        return "dtype", part
    name, equals, value = (side.strip(" ") for side in part.partition("="))
    if not equals:
        raise NotAProblem(f"shape '{text}': '{part}' is neither axis=value nor a type nor a mask")
    if name in NUMBERS:
        return name, whole(text, value)
    if name not in ("dtype", "mask"):
        raise NotAProblem(f"unknown axis '{name}'; there are {', '.join(NUMBERS)}, dtype, mask")
    if name == "mask" and value not in MASKS:
        raise NotAProblem(f"shape '{text}': mask '{value}' is neither full nor causal")
    return name, value


def validated(text, p):
    def rule(sentence):
        raise NotAProblem(f"shape '{text}': {sentence}")

    for axis in NUMBERS:
        if not 1 <= getattr(p, axis) <= MOST_EXTENT:
            rule(f"{axis} = {getattr(p, axis)}, but every extent is between 1 and {MOST_EXTENT}")
    if p.d > MOST_HEAD_DIM:
        rule(f"d = {p.d}, but a head has at most {MOST_HEAD_DIM} elements")
    if p.h % p.hkv != 0:
        rule(f"hkv = {p.hkv} does not divide h = {p.h}")
    if p.dtype not in DTYPES:
        rule(f"dtype '{p.dtype}' is none of {', '.join(DTYPES)}")
    if p.b * p.h > MOST_ELEMENTS // p.d // max(p.sq, p.sk):
        rule(f"a tensor would hold more than {MOST_ELEMENTS} elements, past the memory of any GPU")
    return p


def parse(text):
    """The problem of any of FlashCore's texts; NotAProblem with the rule that is broken."""
    parts = [part.strip(" ") for part in text.removeprefix("attention:").split(",")]
    axes, used = read_head(text, parts)
    given = {}
    for part in parts[used:]:
        name, value = read_axis(text, part)
        if name in given:
            raise NotAProblem(f"shape '{text}': the axis '{name}' is there twice")
        given[name] = value
    # A shape's own Hkv is its H: another H takes it along unless Hkv is given too.
    axes = {"dtype": "f16", "mask": "full", **axes, **given}
    for axis in NUMBERS:
        if axis not in axes and axis != "hkv":
            raise NotAProblem(f"shape '{text}': the axis '{axis}' is missing")
    if "hkv" not in given:
        axes["hkv"] = axes["h"]
    return validated(text, Problem(**axes))


def main():
    for text in sys.argv[1:]:
        try:
            print(parse(text).canonical)
        except NotAProblem as refusal:
            print(f"refused: {refusal}; {FORMS}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
