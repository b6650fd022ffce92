#!/usr/bin/env python3
"""linked_sources_test.py SOURCE KERNELS_ARCHIVE CUDA_ARCHIVE

Asks the linker's view: which objects of the two archives does each phase's object need, and does the hash of
the phase cover their sources? cmake/source_closure.cmake goes by the names of headers; a phase that calls a
function whose header and source have different names would slip past it."""
import collections
import pathlib
import subprocess
import sys
import tempfile

STRONG = set("TDBRSG")


def symbols(archive):
    """{object: (defined, undefined)} by strong, mangled names."""
    objects = collections.defaultdict(lambda: (set(), set()))
    said = subprocess.run(["nm", "--print-file-name", "--portability", archive], check=True, capture_output=True,
                          text=True).stdout
    for line in said.splitlines():
        place, _, rest = line.partition("]: ")
        name, kind, *_ = rest.split()
        defined, undefined = objects[place.rpartition("[")[2]]
        if kind in STRONG:
            defined.add(name)
        elif kind == "U":
            undefined.add(name)
    return objects


def covered(root, phase):
    script = f'include([[{root}/cmake/source_closure.cmake]])\nflashcore_sources(s [[{root}]] kernels/phases/{phase}.cu)\n' \
             'foreach(f IN LISTS s)\n  message(NOTICE "${f}")\nendforeach()\n'
    with tempfile.NamedTemporaryFile("w", suffix=".cmake") as file:
        file.write(script)
        file.flush()
        return set(subprocess.run(["cmake", "-P", file.name], check=True, capture_output=True,
                                  text=True).stderr.splitlines())


def needed(start, objects, home):
    seen, todo = set(), [start]
    while todo:
        at = todo.pop()
        if at in seen:
            continue
        seen.add(at)
        todo += {home[name] for name in objects[at][1] if name in home}
    return seen - {start}


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    objects, source = {}, {}
    for archive, folder in ((sys.argv[2], "kernels"), (sys.argv[3], "cuda")):
        for name, sets in symbols(archive).items():
            objects[name] = sets
            source[name] = next((p.relative_to(root).as_posix() for p in (root / folder).rglob(name[:-2])), None)
    home = {name: where for where, (defined, _) in objects.items() for name in defined}
    phases = sorted(p.stem for p in (root / "kernels/phases").glob("*.cu"))
    failures, links = [], 0
    for phase in phases:
        start = f"{phase}.cu.o"
        if start not in objects:
            failures.append(f"the archive holds no {start}")
            continue
        linked = {source[name] for name in needed(start, objects, home)} - {None}
        links += len(linked)
        missing = linked - covered(root, phase)
        if missing:
            failures.append(f"phase {phase} is linked with {', '.join(sorted(missing))}, which its hash does not cover")
    if not links:
        failures.append("no phase is linked with anything: the archives were not understood")
    print("\n".join(failures) or f"ok: {len(phases)} phases, {links} links, all covered")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
