"""The slots of one pool: made when boxes are wanted, used again while they are left clean."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.box import Box, Slot, Zygote
from sandbox.cgroups import Group
from sandbox.errors import SandboxError

_EMPTY_TIMEOUT_S = 10.0


class Slots:
    """Used by the pool's thread alone."""

    def __init__(
        self,
        *,
        new_group: Callable[[str], Group | None],
        next_number: Callable[[], int],
        report: Callable[[str], None],
    ) -> None:
        self._new_group = new_group
        self._next_number = next_number
        self._report = report
        self._all: set[Slot] = set()
        self._spare: dict[Zygote, list[Slot]] = {}

    def spare(self, zygote: Zygote) -> int:
        """How many of a zygote's are ready for a box, and have none."""
        return len(self._spare.get(zygote, ()))

    def spawn(self, zygote: Zygote) -> Box:
        """Has a box of the zygote's forked into a slot; a slot in which none can be is given up."""
        slot = self._take(zygote)
        try:
            return slot.spawn()
        except (SandboxError, OSError):
            self._remove(slot)
            raise

    def _take(self, zygote: Zygote) -> Slot:
        if self.spare(zygote):
            return self._spare[zygote].pop()
        number = self._next_number()
        slot = Slot(number, zygote, self._new_group(f"box-{number}"))
        self._all.add(slot)
        try:
            slot.furnish()
        except (SandboxError, OSError):
            self._remove(slot)
            raise
        return slot

    def take_back(self, slot: Slot, *, wanted: bool) -> None:
        """Takes the slot of a dead box; where one is wanted it serves the next, if nothing is left there."""
        try:
            if not slot.wait_empty(_EMPTY_TIMEOUT_S):
                raise SandboxError(f"slot {slot.number} still has processes after its box has ended")
            if wanted:
                slot.renew()
                self._spare.setdefault(slot.zygote, []).append(slot)
            else:
                self._remove(slot)
        except (SandboxError, OSError) as error:
            self._report(str(error))
            self._remove(slot)

    def drop_spare(self, zygote: Zygote) -> None:
        """Removes those of a zygote's that no box is in."""
        for slot in self._spare.pop(zygote, ()):
            self._remove(slot)

    def remove_all(self) -> None:
        """Removes every slot with what is in it."""
        for slot in list(self._all):
            self._remove(slot)

    def _remove(self, slot: Slot) -> None:
        self._all.discard(slot)
        try:
            slot.remove()
        except OSError as error:
            self._report(f"Slot {slot.number} cannot be removed: {error}")
