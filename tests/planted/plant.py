#!/usr/bin/env python3
"""plant.py VARIANTS.toml TREE: writes the planted phases of VARIANTS.toml into kernels/phases/ of TREE, a copy of the project.

A planted phase is its base's source with the replacements made, under another id, hidden, for FP16 and D 64 alone. Text
that is not found exactly once is an error: the base has changed, and the variant has to be looked at again."""

import pathlib
import re
import sys
import tomllib


class Planter:
    def __init__(self, name, text):
        self.name = name
        self.text = text

    def once(self, old, new):
        count = self.text.count(old)
        if count != 1:
            sys.exit(f"plant.py: {self.name}: found {count} times instead of once:\n{old}")
        self.text = self.text.replace(old, new)

    def everywhere(self, old, new):
        if old not in self.text:
            sys.exit(f"plant.py: {self.name}: not found:\n{old}")
        self.text = self.text.replace(old, new)

    def pattern_once(self, pattern, new):
        self.text, count = re.subn(pattern, lambda _: new, self.text)
        if count != 1:
            sys.exit(f"plant.py: {self.name}: {pattern} matches {count} times instead of once")


# In a namespace of its own: kernels of one name in two phases would be one kernel to the linker. One instance is enough.
OPEN = """namespace flashcore::kernels {{
inline namespace {name} {{

#if FLASHCORE_CUDA
template <typename Make>
auto planted_instance(const core::AttentionProblem&, const Make& make) {{
  return make.template operator()<__half, 64>();
}}
{header}
#endif
"""


def body_of_header(text):
    match = re.search(r"^namespace flashcore::kernels \{\n(.*)^\}  // namespace flashcore::kernels", text, re.S | re.M)
    if match is None:
        sys.exit("plant.py: the header has no namespace flashcore::kernels")
    return match.group(1)


def planted(tree, name, variant):
    base = variant["base"]
    phase = Planter(name, (tree / f"kernels/phases/{base}.cu").read_text())
    header = ""
    if "header" in variant:
        phase.once(f'#include "{variant["header"]}"\n', "")
        header = body_of_header((tree / variant["header"]).read_text())
    phase.once("namespace flashcore::kernels {\n", OPEN.format(name=name, header=header))
    phase.once(f"FLASHCORE_PHASE({base})", f"}}  // inline namespace {name}\n\nFLASHCORE_PHASE({name})")
    phase.once(f'.id = "{base}"', f'.id = "{name}"')
    phase.pattern_once(r'\.title = "[^"]*"', f'.title = "{variant["title"]}"')
    phase.pattern_once(r"\.rung = \d+,", ".rung = 0,")
    phase.once("grouped heads, full or causal\"}", "grouped heads, full or causal\",\n             .hidden = true}")
    phase.everywhere(f'check_served("{base}"', f'check_served("{name}"')
    phase.once('.dtypes = {"f16", "bf16"}, .head_dims = {64, 128}', '.dtypes = {"f16"}, .head_dims = {64}')
    phase.once("for_instance(", "planted_instance(")
    for old, new in variant["replace"]:
        phase.once(old, new)
    return f"// Written by tests/planted/plant.py.\n{phase.text}"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    variants = tomllib.loads(pathlib.Path(sys.argv[1]).read_text())
    tree = pathlib.Path(sys.argv[2])
    for name, variant in variants.items():
        to = tree / f"kernels/phases/{name}.cu"
        text = planted(tree, name, variant)
        if not to.exists() or to.read_text() != text:
            to.write_text(text)
    print("\n".join(variants))


if __name__ == "__main__":
    main()
