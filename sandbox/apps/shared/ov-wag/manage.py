#!/usr/bin/env python3
import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    # 0.x does so too: who forgets the variable silently gets the settings of a developer.
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ov_wag.settings.dev")
    execute_from_command_line(sys.argv)
