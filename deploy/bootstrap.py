"""From a bare Python to a running command: makes `.venv`, installs what is pinned, then hands over.

Runs before anything is installed, so it uses the standard library alone and no annotation that an old
Python could not read; an unfit Python (from 3.6 on) must get as far as the sentence that says so.
"""

import errno
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time

HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(HOME, ".venv")
STAMP = os.path.join(VENV, "touchstone.stamp")
FIT = ((3, 11), (3, 12), (3, 13))
NAMES = ("python3.13", "python3.12", "python3.11", "python3")
NEEDED_MB = 5000
NEWS_EVERY_S = 5


class SetUpError(Exception):
    """A sentence that says what is wrong, and what to do about it."""


def main(arguments):
    """`bootstrap.py [--dev] MODULE [ARGUMENT…]`: runs MODULE of the environment that it makes."""
    dev = arguments[:1] == ["--dev"]
    command = arguments[1:] if dev else arguments
    try:
        signal.signal(signal.SIGTERM, interrupt)
        prepare(dev)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    except SetUpError as error:
        print("\n%s" % error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped before the environment was ready; the next try goes on from here.", file=sys.stderr)
        return 130
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES):
            raise
        print("\n%s\nMake %s writable, with %d MB free." % (error, HOME, NEEDED_MB), file=sys.stderr)
        return 1
    if not command:
        return 0
    python = os.path.join(VENV, "bin", "python")
    os.chdir(HOME)
    os.execv(python, [python, "-m"] + command)


def interrupt(_number, _frame):
    raise KeyboardInterrupt


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
    say("installing %d packages (a few minutes at the first time)" % count(files))
    install(files)
    with open(STAMP, "w") as file:
        # Computed anew: where there was no environment, its Python was not known before.
        file.write(stamp(files))
    say("environment ready after %d s" % (time.time() - started))


def make_environment():
    python = fit_python()
    say("making .venv with %s" % python)
    code, said = run([python, "-m", "venv", VENV])
    if code == 0:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    if "No space left" in said:
        raise SetUpError("The disk is full. Free %d MB under %s and try again." % (NEEDED_MB, HOME))
    raise SetUpError(
        "%s cannot make a virtual environment:\n  %s\n"
        "On Debian and Ubuntu: apt install python3-venv. Elsewhere install your Python's venv module."
        % (python, said.strip().replace("\n", "\n  "))
    )


def fit_python():
    """A Python of a version that the pinned packages support: the running one, or one on PATH."""
    wanted = os.environ.get("PYTHON")
    if wanted:
        path = shutil.which(wanted)
        version = version_of(path) if path else None
        if version not in FIT:
            what = "Python %d.%d" % version if version else "no Python that runs"
            raise SetUpError(
                "PYTHON=%s is %s; 3.11, 3.12 or 3.13 is needed.\n"
                "Name one of those, or leave PYTHON out to have one looked for." % (wanted, what)
            )
        return path
    for name in (sys.executable,) + NAMES:
        path = shutil.which(name)
        if path and version_of(path) in FIT:
            return path
    raise SetUpError(
        "Python 3.11, 3.12 or 3.13 is needed; this is %d.%d and no other was found on PATH.\n"
        "Install one of them, or name it: PYTHON=/path/to/python3.12 make up" % sys.version_info[:2]
    )


def version_of(python):
    code, said = run([python, "-c", "import sys; print(*sys.version_info[:2])"])
    parts = said.split()
    return tuple(int(part) for part in parts) if code == 0 and len(parts) == 2 else None


def install(files):
    command = [os.path.join(VENV, "bin", "python"), "-m", "pip", "install", "--progress-bar", "off"]
    command += ["--disable-pip-version-check", "--no-input"]
    for name in files:
        command += ["-r", os.path.join(HOME, name)]
    code, said = run(command, Progress(count(files)))
    if code == 0:
        return
    lines = [line for line in said.splitlines() if not line.startswith("WARNING")]
    end = "\n  ".join(lines[-12:])
    if "No space left" in said:
        raise SetUpError("The disk is full. Free %d MB and try again.\n  %s" % (NEEDED_MB, end))
    if "gcc" in said or "compiler" in said:
        raise SetUpError(
            "A package has no ready build for this machine and no compiler was found.\n"
            "On Debian and Ubuntu: apt install build-essential python3-dev.\n  %s" % end
        )
    raise SetUpError(
        "The packages cannot be installed. Is there a network, or a PyPI mirror in PIP_INDEX_URL?\n  %s" % end
    )


class Progress:
    """Says now and then how many packages pip has fetched, and that it unpacks them."""

    def __init__(self, total):
        self.total = total
        self.fetched = 0
        self.said = time.time()

    def __call__(self, line):
        if line.startswith("Collecting "):
            self.fetched += 1
            if time.time() - self.said > NEWS_EVERY_S:
                self.said = time.time()
                say("%d of %d fetched" % (min(self.fetched, self.total), self.total))
        elif line.startswith("Installing collected"):
            say("unpacking them")


def run(command, hear=None):
    """The exit code of a command and what it said, each line of which `hear` is told as it comes.

    It ends with us: Ctrl-C and SIGTERM kill it and what it has started.
    """
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    said = []
    try:
        for line in process.stdout:
            said.append(line.decode(errors="replace"))
            if hear:
                hear(said[-1])
        process.wait()
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    return process.returncode, "".join(said)


def stamp(files):
    """What the environment was made from: the pins and the Python's version."""
    digest = hashlib.sha256()
    for name in files:
        digest.update((read(os.path.join(HOME, name)) or "").encode())
    return "%s %s" % (digest.hexdigest(), os.path.realpath(os.path.join(VENV, "bin", "python")))


def count(files):
    """How many packages the files pin."""
    pins = [line for name in files for line in (read(os.path.join(HOME, name)) or "").splitlines()]
    return len({pin.split("==")[0] for pin in pins if "==" in pin and not pin.lstrip().startswith("#")})


def read(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return None


def say(line):
    mark = "·" if (sys.stdout.encoding or "").lower().startswith("utf") else "-"
    print("%s %s" % (mark, line), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
