"""What is masked in the jail stays hidden, also where the environment is reached through a link."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from fixtures.recipes.masked import MASKED

HOME = Path(__file__).parents[2]
SHOWN = "sklearn/__init__.py"
IN_PACKAGES = [name for name in MASKED if not Path(name).is_absolute()]
SCRIPT = """
import sys
from pathlib import Path
from grader.jail import config_over
from questionbank.config.places import Assurance
from sandbox.client import private_sandbox
from sandbox.job import Job, Runtime, Script

folder, shown, *masked = sys.argv[1:]
data, socket = Path(folder, "data"), Path(folder, "s")
usual = Assurance(False, None)
config = config_over(
    data, socket, masked=masked, toolchains=(), assurance=usual, parked={Runtime.NUMPY: 1}
)
names = [shown, *masked]
source = f"from pathlib import Path\\nprint([Path('/packages', n).read_bytes() == b'' for n in {names!r}])"
with private_sandbox(config) as sandbox:
    print(sandbox.run(Job(Runtime.NUMPY, Script("a.py"), files={"a.py": source.encode()})).stdout.decode())
"""


def test_masked_files_are_empty_in_the_jail_of_a_linked_environment(tmp_path: Path) -> None:
    link = tmp_path / "environment"
    link.symlink_to(Path(sys.prefix).resolve())
    python = link / "bin" / "python"
    run = subprocess.run(
        [python, "-c", SCRIPT, tmp_path, SHOWN, *IN_PACKAGES],
        cwd=HOME,
        capture_output=True,
        text=True,
        check=False,
    )
    assert IN_PACKAGES
    assert run.stdout.strip() == str([False] + [True] * len(IN_PACKAGES)), run.stderr
