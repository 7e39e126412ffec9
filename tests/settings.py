"""The project's settings over a scratch folder, so that a test run never touches an installation."""

import atexit
import os
import shutil
import tempfile

_SCRATCH = tempfile.mkdtemp(prefix="touchstone-tests-")
atexit.register(shutil.rmtree, _SCRATCH, ignore_errors=True)
os.environ["TOUCHSTONE_VAR"] = f"{_SCRATCH}/var"
os.environ["TOUCHSTONE_RUN"] = f"{_SCRATCH}/run"

from tests.models import DATA  # noqa: E402

os.environ["TOUCHSTONE_DATA"] = str(DATA)

from questionbank.config.settings import *  # noqa: E402, F403
