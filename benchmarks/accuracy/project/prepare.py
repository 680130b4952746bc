"""Makes the database."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"

import django

django.setup()

from django.core.management import call_command
from shop.data import fill

call_command("migrate", run_syncdb=True, verbosity=0)
fill()
