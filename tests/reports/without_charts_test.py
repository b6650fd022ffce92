"""without_charts_test.py SOURCE FOLDER: a build that cannot have ECharts goes on, says so, and writes reports with tables.

Copies the tree without node_modules to FOLDER, configures it with an npm that fails, builds the program that writes the
tests' reports, and opens them in the browser (NODE, CHROMIUM; without them what is in the files is checked alone).
"""
import os
import pathlib
import shutil
import subprocess
import sys


def run(command, **more):
    return subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **more)


def expect(condition, what, said=""):
    if condition:
        return
    print(f"FAILED  {what}\n{said[-4000:]}")
    sys.exit(1)


def left_out(folder, names):
    """What a build made, and what is not needed to configure."""
    unwanted = shutil.ignore_patterns("node_modules", ".*", "__pycache__")(folder, names)
    return unwanted | {name for name in names if os.path.exists(os.path.join(folder, name, "CMakeCache.txt"))}


def main(source, folder):
    copy, build = folder / "copy", folder / "build"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(source, copy, ignore=left_out, symlinks=True)
    shutil.rmtree(build, ignore_errors=True)
    npm = folder / "npm"
    npm.write_text("#!/bin/sh\necho 'npm error network: no registry can be reached' >&2\nexit 1\n", encoding="utf-8")
    npm.chmod(0o755)

    options = ["-DCMAKE_BUILD_TYPE=Debug", "-DFLASHCORE_CUDA=OFF", "-DFLASHCORE_GUI=OFF", f"-DNPM={npm}"]
    configured = run(["cmake", "-S", copy, "-B", build, "-G", "Ninja", *options])
    said = " ".join(configured.stdout.split())
    expect(configured.returncode == 0, "the build goes on where npm fails", configured.stdout)
    expect(said.count("FlashCore: HTML reports of this build have tables and no charts") == 1, "it says so once",
           configured.stdout)
    expect("no registry can be reached" in said, "it says what npm said", configured.stdout)
    expect("run 'npm ci' in reports/" in said, "it says what to do", configured.stdout)

    npm.write_text("#!/bin/sh\necho 'npm was asked again' >&2\nexit 1\n", encoding="utf-8")
    again = run(["cmake", "-S", copy, "-B", build])
    expect(again.returncode == 0 and "asked again" not in again.stdout, "npm is asked once", again.stdout)

    built = run(["cmake", "--build", build, "--target", "make_reports"])
    expect(built.returncode == 0, "it builds", built.stdout)
    made = folder / "made"
    written = run([build / "tests" / "make_reports", made])
    expect(written.returncode == 0, "it writes reports", written.stdout)
    page = (made / "usual.html").read_text(encoding="utf-8")
    expect("Apache License" not in page, "no licence of what is not in it")
    expect(len(page) < 1_000_000, f"a report without charts is small, not {len(page)} bytes")

    node, chromium = os.environ.get("NODE", ""), os.environ.get("CHROMIUM", "")
    if not os.path.exists(node) or not os.path.exists(chromium):
        print("passed; the page was not opened: no node or no Chromium")
        return
    opened = run([node, source / "tests" / "reports" / "browser_test.mjs", made, "without-charts"])
    expect(opened.returncode in (0, 77), "the page shows its tables", opened.stdout)
    print(opened.stdout)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve())
