"""What this process sees mounted, as proc(5), /proc/PID/mountinfo, tells it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

_TABLE = Path("/proc/self/mountinfo")
_ESCAPED = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """`options` are those of the file system, not of this place."""

    number: int
    point: Path
    fstype: str
    options: tuple[str, ...]

    def is_reachable(self) -> bool:
        """Whether its path leads to it: the table also tells of mounts that others lie over."""
        try:
            fd = os.open(self.point, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fields = dict(
                line.split(":", 1) for line in Path(f"/proc/self/fdinfo/{fd}").read_text().splitlines()
            )
            return int(fields["mnt_id"]) == self.number
        finally:
            os.close(fd)

    def is_read_only(self) -> bool:
        """Whether nobody may write there, root included."""
        return bool(os.statvfs(self.point).f_flag & os.ST_RDONLY)


def mounts() -> list[Mount]:
    """All of them, the earliest first."""
    return [_parsed(line) for line in _TABLE.read_text().splitlines()]


def _parsed(line: str) -> Mount:
    of_the_place, of_the_file_system = line.split(" - ", 1)
    number, _, _, _, point, *_ = of_the_place.split(" ")
    fstype, _, options = of_the_file_system.split(" ", 2)
    unescaped = _ESCAPED.sub(lambda found: chr(int(found[1], 8)), point)
    return Mount(int(number), Path(unescaped), fstype, tuple(options.split(",")))
