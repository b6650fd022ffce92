#!/usr/bin/env python3
"""Does what a page of the documentation says: apply_guide.py PAGE FOLDER.

"New file **PATH**:" before a block of code writes the file, which must not be there yet. "Change **PATH**:" before
a block of diff changes one: each part between @@ lines has lines as they are now (a space before them) and
new ones (a plus); the old ones must be in the file together, and once. Prints the paths that were written.
"""
import pathlib
import re
import sys

STEP = re.compile(r"^(New file|Change) \*\*([^*]+)\*\*:\n```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def change(text, diff, path):
    for part in re.split(r"^@@.*\n", diff, flags=re.MULTILINE):
        lines = part.splitlines()
        if not lines:
            continue
        if any(line[:1] not in (" ", "+", "-") for line in lines):
            sys.exit(f"{path}: a line of the diff begins with neither a space, + nor -")
        old = "".join(line[1:] + "\n" for line in lines if line[0] in " -")
        new = "".join(line[1:] + "\n" for line in lines if line[0] in " +")
        if text.count(old) != 1:
            sys.exit(f"{path} has these lines {text.count(old)} times, not once:\n{old}")
        text = text.replace(old, new)
    return text


def main():
    page, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    text = page.read_text(encoding="utf-8")
    steps = STEP.findall(text)
    blocks = len(re.findall(r"^```\w+$", text, re.MULTILINE))
    if not steps or len(steps) != blocks:
        sys.exit(f"{page} has {blocks} blocks of code, of which {len(steps)} say what they are for")
    for kind, path, language, body in steps:
        target = folder / path
        if (kind == "Change") != target.exists() or (kind == "Change") != (language == "diff"):
            sys.exit(f"{path}: \"{kind}\" does not fit")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(change(target.read_text(encoding="utf-8"), body, path) if kind == "Change" else body,
                          encoding="utf-8")
        print(path)


if __name__ == "__main__":
    main()
