"""Accounts and their rights, at /admin/."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.utils.translation import gettext_lazy as _

from questionbank.models import User


@admin.register(User)
class Accounts(UserAdmin):  # type: ignore[type-arg]  # a class of Django at run time
    """Django's own page for accounts, with the rights of this site."""

    fieldsets = (
        *(UserAdmin.fieldsets or ()),
        (_("Rights on this site"), {"fields": ("is_interviewer", "is_author", "language")}),
    )
    list_display = ("username", "email", "is_interviewer", "is_author", "is_staff")
    list_filter = ("is_interviewer", "is_author", "is_staff", "is_active")
