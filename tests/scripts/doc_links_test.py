#!/usr/bin/env python3
"""Every relative link and picture of README.md and docs/*.md leads somewhere, and so does every script, folder
and document that they name in code font."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
NAMED = re.compile(r"`((?:scripts|docs|tests|cmake|core|cuda|kernels|collectors|store|analysis|reports|app|python|recordings)/[\w./-]*)`")


def main():
    missing, count = [], 0
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        text = page.read_text(encoding="utf-8")
        for pattern, base in ((LINK, page.parent), (NAMED, ROOT)):
            for match in pattern.finditer(text):
                count += 1
                if "NAME" not in match.group(1) and not (base / match.group(1)).exists():
                    missing.append(f"{page.relative_to(ROOT)}: {match.group(1)} does not exist")
    if missing or count < 10:
        print("\n".join(missing) or f"only {count} links found", file=sys.stderr)
        return 1
    print(f"{count} links and names lead somewhere")
    return 0


if __name__ == "__main__":
    sys.exit(main())
