"""Try the package out, or test it, in a checkout: needs nothing but Python 3.11 or newer.

    python3 dev.py demo    install the package into .venv and score the packaged sample tracks
    python3 dev.py test    run every check of tox.ini, as the continuous integration does

What is installed once is used again, until what it was made from changes.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent
CONSTRAINTS = ROOT / "constraints.txt"

# What Qt and OpenGL ask of a Debian or Ubuntu without a desktop, with or without a screen.
QT_LIBRARIES = [
    "xvfb",
    "xauth",
    "libgl1",
    "libegl1",
    "libopengl0",
    "libglx-mesa0",
    "libgl1-mesa-dri",
    "libxkbcommon-x11-0",
    "libxcb-cursor0",
    "libxcb-icccm4",
    "libxcb-image0",
    "libxcb-keysyms1",
    "libxcb-randr0",
    "libxcb-render-util0",
    "libxcb-shape0",
    "libxcb-xinerama0",
    "libdbus-1-3",
]


def main() -> int:
    """Read the command and carry it out; the exit code is that of the last program run."""
    if sys.version_info < (3, 11):  # noqa: UP036 - nothing has checked this before
        return fail(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}.")
    if not find_spec("ensurepip"):
        return fail("Python's own venv is missing: on Debian and Ubuntu, apt install python3-venv.")
    parser = argparse.ArgumentParser(description="Try the package out, or test it.")
    parser.add_argument("what", choices=["demo", "test"])
    commands = {"demo": demo, "test": test}
    try:
        return commands[parser.parse_args().what]()
    except subprocess.CalledProcessError as error:
        return fail(f"This command failed: {' '.join(error.cmd)}")
    except KeyboardInterrupt:
        return fail("Stopped.")


def demo() -> int:
    """Install the package into .venv and run its demo, which writes into the folder demo."""
    programs = environment(ROOT / ".venv", ["--editable", str(ROOT)], ROOT / "pyproject.toml")
    return run(program(programs, "anomalous-diffusion"), "demo", "-o", ROOT / "demo")


def test() -> int:
    """Install tox into an environment of its own and run all of tox.ini."""
    provide_qt_libraries()
    programs = environment(ROOT / ".venv-tox", ["tox>=4.67"])
    return run(program(programs, "tox"), "run", "--root", ROOT, "--conf", ROOT / "tox.ini")


def environment(folder: Path, packages: list[str], *files: Path) -> Path:
    """Make a virtual environment that holds `packages`, and return the folder of its programs.

    It is made anew when the packages, constraints.txt or one of `files` change.
    """
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    stamp = folder / "installed.txt"
    wanted = fingerprint(packages, CONSTRAINTS, *files)
    if not stamp.is_file() or stamp.read_text() != wanted:
        print(f"Installing into {folder.name}: this takes some minutes the first time.", flush=True)
        python = str(program(programs, "python"))
        constrained = ["--quiet", "--constraint", str(CONSTRAINTS), *packages]
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([python, "-m", "pip", "install", *constrained], check=True)
        stamp.write_text(wanted)
    return programs


def fingerprint(packages: list[str], *files: Path) -> str:
    """Return what changes whenever the environment has to be made anew."""
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    return "\n".join([sys.version, *packages, digest])


def program(folder: Path, name: str) -> Path:
    """Return the path of a program in an environment."""
    return folder / (f"{name}.exe" if os.name == "nt" else name)


def provide_qt_libraries() -> None:
    """Install what Qt needs where that is possible, or say what to type."""
    missing = missing_debian_packages(QT_LIBRARIES)
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        print("The viewer's tests may need libraries that are missing. To install them:")
        print("   sudo apt-get install", *missing, flush=True)
        return
    print("Installing the libraries that Qt needs:", *missing, flush=True)
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-qq", "--yes", "--no-install-recommends", *missing]
    subprocess.run(["apt-get", "update", "-qq"], check=True, env=quiet)
    subprocess.run(install, check=True, env=quiet, stdout=subprocess.DEVNULL)


def missing_debian_packages(names: list[str]) -> list[str]:
    """Return those of `names` that dpkg does not have; none where there is no dpkg."""
    if not shutil.which("dpkg-query"):
        return []
    query = ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *names]
    answer = subprocess.run(query, capture_output=True, text=True, check=False).stdout
    return [name for name in names if f"{name} installed" not in answer.splitlines()]


def run(*command: str | Path) -> int:
    """Run a program to its end and return its exit code."""
    return subprocess.run(command, check=False).returncode


def fail(message: str) -> int:
    """Say what went wrong, and return the exit code for it."""
    print(message, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
