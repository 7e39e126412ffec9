#!/usr/bin/env python
"""Django's command line, with this project's settings."""

import os
import sys

from django.core.management import execute_from_command_line

from deploy.owner import act_as_owner

if __name__ == "__main__":
    act_as_owner(sys.argv[1:])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "questionbank.config.settings")
    execute_from_command_line(sys.argv)
