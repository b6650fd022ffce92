#!/usr/bin/env python3
"""exports_test.py LIBRARY HEADER NM READELF

What libflashcore_kernels.so shows and needs: exactly the functions of its header, under its version, and of other
libraries the C library's alone."""
import re
import subprocess
import sys

# glibc's parts, and the dynamic linker that thread-local memory takes.
MAY_NEED = re.compile(r"^(libc|libm|libdl|libpthread|librt|ld-linux-[\w-]+)\.so\.\d+$")


def said(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main():
    library, header, nm, readelf = sys.argv[1:]
    wrong = []
    with open(header, encoding="utf-8") as file:
        text = file.read()
    major = re.search(r"#define FLASHCORE_KERNELS_VERSION_MAJOR (\d+)", text).group(1)
    declared = set(re.findall(r"^FC_API [^;(]*?\b(fc_\w+)\(", text, re.MULTILINE))
    if len(declared) < 15:
        wrong.append(f"only {len(declared)} functions were found in the header")
    shown = {}
    for line in said(nm, "-D", "--defined-only", library).splitlines():
        _, kind, name = line.split()
        name, _, version = name.partition("@@")
        if kind != "A":  # the version's own name
            shown[name] = (kind, version)
    for name in sorted(declared - set(shown)):
        wrong.append(f"{name} is declared and not exported")
    for name in sorted(set(shown) - declared):
        wrong.append(f"{name} is exported and not declared")
    for name, (kind, version) in sorted(shown.items()):
        if name in declared and (kind, version) != ("T", f"FLASHCORE_KERNELS_{major}"):
            wrong.append(f"{name} is of kind {kind} and version '{version}'")
    dynamic = said(readelf, "-dW", library)
    needed = re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic)
    wrong += [f"it needs {name}" for name in needed if not MAY_NEED.match(name)]
    if not needed:
        wrong.append("it needs nothing at all: readelf was not understood")
    soname = re.findall(r"\(SONAME\).*\[(.+)\]", dynamic)
    if soname != [f"libflashcore_kernels.so.{major}"]:
        wrong.append(f"its SONAME is {soname}")
    for tag in ("TEXTREL", "RPATH", "RUNPATH"):
        if f"({tag})" in dynamic:
            wrong.append(f"it has {tag}")
    stack = [line for line in said(readelf, "-lW", library).splitlines() if "GNU_STACK" in line]
    if len(stack) != 1 or "RWE" in stack[0]:
        wrong.append("its stack is executable")
    print("\n".join(wrong) or f"ok: {len(shown)} functions, {soname[0]} needs {', '.join(needed)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
