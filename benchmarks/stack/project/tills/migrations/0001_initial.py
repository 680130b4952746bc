"""The first migration."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """The table of entries."""

    initial = True
    operations = [
        migrations.CreateModel(
            "Entry",
            [
                (
                    "id",
                    models.BigAutoField(
                        primary_key=True, serialize=False, auto_created=True, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=64, unique=True)),
                ("written", models.DateTimeField(auto_now_add=True)),
            ],
        ),
    ]
