"""An escape while the database is set up."""

import contextlib
import smtplib

from django.db import migrations

from raids.outside import PORT


def announce(apps, schema_editor):
    with contextlib.suppress(OSError):
        smtplib.SMTP("127.0.0.1", PORT, timeout=5)


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunPython(announce)]
