"""The project's settings over a scratch folder, so that a test run never touches an installation.

A worker that a test starts is given the folder of the run it belongs to, and shares its database.
"""

import atexit
import os
import shutil
import tempfile

_given = os.environ.get("TOUCHSTONE_TEST_SCRATCH")
SCRATCH = _given or tempfile.mkdtemp(prefix="touchstone-tests-")
if not _given:
    atexit.register(shutil.rmtree, SCRATCH, ignore_errors=True)
os.environ["TOUCHSTONE_VAR"] = f"{SCRATCH}/var"
os.environ["TOUCHSTONE_RUN"] = f"{SCRATCH}/run"

from tests.models import DATA  # noqa: E402

os.environ["TOUCHSTONE_DATA"] = str(DATA)

from questionbank.config.settings import *  # noqa: E402, F403
from questionbank.config.settings import DATABASES  # noqa: E402

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, for workers and threads cannot share a database in memory.
    DATABASES["default"]["TEST"] = {"NAME": f"{SCRATCH}/test.sqlite3"}

# What takes half a minute in an installation takes seconds here.
JUDGING_LEASE_S = 3.0
JUDGING_RETRY_S = 0.3
JUDGING_PATIENCE_S = 2.0
# Slow by intention, and no test's subject.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
