"""Install edgeofcare once, then run a job: ``python run.py demo`` or ``python run.py test``.

Inside an active virtual environment that environment is used; outside one, ``.venv`` beside this file is
made and used. Versions come from ``constraints.txt``. A stamp in the environment skips the installation
while nothing has changed. Words after ``demo`` go to ``edgeofcare demo``, words after ``test`` to pytest.
"""

import hashlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
USAGE = "usage: python run.py demo [options of 'edgeofcare demo'] | python run.py test [options of pytest]"
JOBS = {"demo": (".", ["edgeofcare", "demo"]), "test": (".[test]", ["pytest", "-n", "2", "--dist", "loadfile"])}


def stop(message, code=2):
    """Say in one sentence why the job cannot go on, and leave."""
    sys.stderr.write(f"run.py: {message}\n")
    sys.exit(code)


if sys.version_info < (3, 11):  # noqa: UP036  older Pythons read this far, and deserve a plain answer
    found = ".".join(map(str, sys.version_info[:3]))
    stop(f"edgeofcare needs Python 3.11 or later, and {sys.executable} is Python {found}.")


def call(*command, **options):
    """Run a command and give back its exit code."""
    sys.stdout.flush()
    return subprocess.call([str(word) for word in command], **options)


def environment_python(folder):
    """Path of the Python inside a virtual environment, on Windows or elsewhere."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def run_in_own_environment(arguments):
    """Make ``.venv`` if there is none, and start this script again with the Python inside it."""
    folder = ROOT / ".venv"
    python = environment_python(folder)
    if not (python.exists() and (folder / "pyvenv.cfg").exists()):
        print("run.py: making a virtual environment in .venv")
        if call(sys.executable, "-m", "venv", "--clear", "--without-pip", folder) != 0:
            stop("Python could not make a virtual environment; install its 'venv' module and try again.")
    return call(python, ROOT / "run.py", *arguments)


def need_pip():
    """Put pip into the environment if it has none: from Python itself, or else with the pip outside it."""
    if importlib.util.find_spec("pip"):
        return
    outside = getattr(sys, "_base_executable", sys.executable)
    with_outer_pip = [outside, "-m", "pip", "--python", sys.executable, "install", "--quiet", "pip"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    if call(sys.executable, "-m", "ensurepip", **quiet) != 0 and call(*with_outer_pip, **quiet) != 0:
        stop(
            "this Python has neither 'ensurepip' nor 'pip'; install one of them (Debian and Ubuntu:"
            " apt install python3-venv) and run the same command again."
        )


def fingerprint():
    """Digest of all that decides what is installed: the two files, this Python and this folder."""
    parts = [(ROOT / name).read_bytes() for name in ("constraints.txt", "pyproject.toml")]
    parts += [sys.version.encode(), os.fsencode(ROOT)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def install(job):
    """Install the build back-end, then edgeofcare as an editable package, unless the stamp is current."""
    stamp = Path(sys.prefix) / f"edgeofcare-{job}.stamp"
    if stamp.exists() and stamp.read_text() == fingerprint() and importlib.util.find_spec("edgeofcare"):
        return
    need_pip()
    print(f"run.py: installing for '{job}' in {sys.prefix} (once; some minutes on a slow line)")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pip += ["--constraint", "constraints.txt"]
    options = {"cwd": ROOT, "env": {**os.environ, "PIP_USER": "0"}}
    for wanted in (["hatchling", "editables"], ["--no-build-isolation", "--editable", JOBS[job][0]]):
        if call(*pip, *wanted, **options) != 0:
            stop("pip could not install (its reason is above); docs/how-to has the offline way.", 1)
    stamp.write_text(fingerprint())


def main(arguments):
    """Check the words given, find the environment, install, and run the job."""
    if arguments[:1] in (["-h"], ["--help"]):
        print(USAGE)
        return 0
    if not arguments or arguments[0] not in JOBS:
        stop(USAGE)
    if sys.prefix == sys.base_prefix:
        return run_in_own_environment(arguments)
    job, *rest = arguments
    install(job)
    command = (sys.executable, "-m", *JOBS[job][1], *rest)
    if job == "test":  # two processes: a thread of their own for each is enough
        return call(*command, cwd=ROOT, env={"OMP_NUM_THREADS": "1", **os.environ})
    return call(*command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
