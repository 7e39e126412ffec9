"""The browser that the journeys are driven in: Debian's Chromium where it is installed, else Playwright's."""

from __future__ import annotations

import os
from pathlib import Path

DEBIANS = Path("/usr/bin/chromium")


def executable() -> Path | None:
    """Debian's, None where Playwright is to find its own."""
    return DEBIANS if os.access(DEBIANS, os.X_OK) else None


def is_missing() -> bool:
    """Whether there is neither."""
    playwrights = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or "~/.cache/ms-playwright").expanduser()
    return executable() is None and not any(playwrights.glob("chromium*"))
