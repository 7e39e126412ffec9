"""What the scripts say, by key; they fill in the names in %(…)s themselves (frontend/src/strings.ts)."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

STRINGS: Mapping[str, Promise] = {
    "copy.done": _("Copied"),
    "copy.failed": _("Copy it by hand"),
    "clock.left": _("%(minutes)s minutes left"),
    "clock.over": _("Time is over. What you submitted before counts."),
    "draft.saving": _("Saving…"),
    "draft.saved": _("Draft saved"),
    "draft.failed": _("Draft not saved, trying again"),
    "draft.stale": _("A newer draft was saved elsewhere. Reload to see it."),
    "error.network": _("The server did not answer. Check the connection and try again."),
    "stage.queued": _("Waiting for a worker…"),
    "stage.compiling": _("Preparing…"),
    "stage.running": _("Running the tests…"),
    "stage.awaiting_review": _("Waiting for a reviewer"),
    "stage.done": _("Done"),
    "tests.judged": _("%(n)s tests judged"),
    "set.weight": _("Weight of %(name)s"),
    "set.added": _("%(name)s added"),
}
