"""Every attack on programs and functions."""

from __future__ import annotations

from tests.hostile.attack import Attack
from tests.hostile.exhaustion import EXHAUSTION
from tests.hostile.files import FILES
from tests.hostile.harness import HARNESS
from tests.hostile.kernel import KERNEL
from tests.hostile.lifetime import LIFETIME
from tests.hostile.network import NETWORK

ATTACKS: tuple[Attack, ...] = (*EXHAUSTION, *LIFETIME, *KERNEL, *FILES, *NETWORK, *HARNESS)
