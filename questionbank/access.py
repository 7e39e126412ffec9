"""Who may write the bank."""

from __future__ import annotations

from questionbank.models import User


def may_author(user: User) -> bool:
    """Authors and staff read what is hidden of problems, change them, and have answers judged again."""
    return user.is_active and (user.is_author or user.is_staff)
