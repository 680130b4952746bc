"""Run in the help desk's project: add the indexes that are given as Django declares them."""

import sys


def main(texts: list[str]) -> None:
    import django

    django.setup()

    from desk.models import Ticket
    from django.contrib.postgres.indexes import GinIndex, OpClass
    from django.db import connection, models
    from django.db.models import F, Q
    from django.db.models.functions import TruncDate, Upper

    known = {
        "F": F, "GinIndex": GinIndex, "OpClass": OpClass, "Q": Q, "TruncDate": TruncDate,
        "Upper": Upper, "models": models,
    }  # fmt: skip
    with connection.schema_editor() as editor:
        for text in texts:
            editor.add_index(Ticket, eval(text, known))


if __name__ == "__main__":
    main(sys.argv[1:])
