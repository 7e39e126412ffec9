"""From a bare Python to a running command: makes `.venv`, installs what is pinned, then hands over.

Runs before anything is installed, so it uses the standard library alone and no annotation that an old
Python could not read; an unfit Python must get as far as the sentence that says so.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time

HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(HOME, ".venv")
STAMP = os.path.join(VENV, "touchstone.stamp")
FIT = ((3, 11), (3, 12), (3, 13))
NAMES = ("python3.13", "python3.12", "python3.11", "python3")
NEEDED_MB = 5000


class SetUpError(Exception):
    """A sentence that says what is wrong, and what to do about it."""


def main(arguments):
    """`bootstrap.py [--dev] MODULE [ARGUMENT…]`: runs MODULE of the environment that it makes."""
    dev = arguments[:1] == ["--dev"]
    command = arguments[1:] if dev else arguments
    try:
        prepare(dev)
    except SetUpError as error:
        print("\n%s" % error, file=sys.stderr)
        return 1
    if not command:
        return 0
    python = os.path.join(VENV, "bin", "python")
    os.chdir(HOME)
    os.execv(python, [python, "-m"] + command)


def prepare(dev):
    """Makes the environment, or makes it current. Does nothing where it is."""
    files = ["requirements.txt"] + (["requirements-dev.txt"] if dev else [])
    known = read(STAMP)
    runtime, everything = stamp(["requirements.txt"]), stamp(["requirements.txt", "requirements-dev.txt"])
    if known == everything or (known == runtime and not dev):
        return
    free = shutil.disk_usage(HOME).free // 2**20
    if not os.path.exists(VENV) and free < NEEDED_MB:
        raise SetUpError(
            "The disk under %s has %d MB left, an installation takes %d MB. Free some space and try again."
            % (HOME, free, NEEDED_MB)
        )
    started = time.time()
    if not os.path.exists(os.path.join(VENV, "bin", "python")):
        make_environment()
    say("installing %s packages (a few minutes at the first time)" % count(files))
    install(files)
    with open(STAMP, "w") as file:
        file.write(everything if dev else runtime)
    say("environment ready after %d s" % (time.time() - started))


def make_environment():
    python = fit_python()
    say("making .venv with %s" % python)
    made = subprocess.run([python, "-m", "venv", VENV], capture_output=True, text=True)
    if made.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        raise SetUpError(
            "%s cannot make a virtual environment:\n  %s\n"
            "On Debian and Ubuntu: apt install python3-venv. Elsewhere install your Python's venv module."
            % (python, (made.stdout + made.stderr).strip().replace("\n", "\n  "))
        )


def fit_python():
    """A Python of a version that the pinned packages support: the running one, or one on PATH."""
    wanted = os.environ.get("PYTHON")
    for name in [wanted] if wanted else [sys.executable] + list(NAMES):
        path = shutil.which(name)
        if path and version_of(path) in FIT:
            return path
    raise SetUpError(
        "Python 3.11, 3.12 or 3.13 is needed; this is %d.%d and no other was found on PATH.\n"
        "Install one of them, or name it: PYTHON=/path/to/python3.12 make up" % sys.version_info[:2]
    )


def version_of(python):
    program = "import sys; print(*sys.version_info[:2])"
    said = subprocess.run([python, "-c", program], capture_output=True, text=True)
    return tuple(int(part) for part in said.stdout.split()) if said.returncode == 0 else None


def install(files):
    command = [os.path.join(VENV, "bin", "python"), "-m", "pip", "install", "--quiet"]
    command += ["--disable-pip-version-check", "--no-input"]
    for name in files:
        command += ["-r", os.path.join(HOME, name)]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    if done.returncode == 0:
        return
    lines = [line for line in done.stderr.splitlines() if not line.startswith("WARNING")]
    said = "\n  ".join(lines[-12:])
    if "No space left" in done.stderr:
        raise SetUpError("The disk is full. Free %d MB and try again.\n  %s" % (NEEDED_MB, said))
    if "gcc" in done.stderr or "compiler" in done.stderr:
        raise SetUpError(
            "A package has no ready build for this machine and no compiler was found.\n"
            "On Debian and Ubuntu: apt install build-essential python3-dev.\n  %s" % said
        )
    raise SetUpError(
        "The packages cannot be installed. Is there a network, or a PyPI mirror in PIP_INDEX_URL?\n  %s"
        % said
    )


def stamp(files):
    """What the environment was made from: the pins and the Python's version."""
    digest = hashlib.sha256()
    for name in files:
        digest.update((read(os.path.join(HOME, name)) or "").encode())
    return "%s %s" % (digest.hexdigest(), os.path.realpath(os.path.join(VENV, "bin", "python")))


def count(files):
    pins = [line for name in files for line in (read(os.path.join(HOME, name)) or "").splitlines()]
    return sum("==" in pin and not pin.lstrip().startswith("#") for pin in pins)


def read(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return None


def say(line):
    print("· %s" % line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
