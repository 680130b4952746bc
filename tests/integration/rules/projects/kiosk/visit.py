"""Visits every route again and again under a deep recorder, and writes the snapshot."""

import json
import os
import sys

import django


def main(output):
    from nuages.agent.attach import AttachConfig
    from nuages.record import faults, recorder

    recorder.install(AttachConfig(roots={".": os.getcwd()}, mode="deep"))
    django.setup()
    from django.core.management import call_command

    call_command("migrate", run_syncdb=True, verbosity=0)
    from django.contrib.auth.models import User
    from django.test import Client
    from stalls.models import Category, Order, Product

    user = User.objects.create_user("ann", password="x")
    groups = Category.objects.bulk_create(Category(name=f"c{n}") for n in range(20))
    made = Product.objects.bulk_create(
        Product(name=f"p{n}", category=groups[n % 20]) for n in range(800)
    )
    Order.objects.bulk_create(Order(user=user, product=made[n % 800]) for n in range(4000))
    client = Client()
    client.get("/greeting/")
    starting = recorder.snapshot()
    recorder.reset()
    for number in range(21):
        for path in (
            "/", f"/products/{number % 12 + 1}/", "/menu/", "/popular/", "/greeting/", "/upload/",
            f"/like/{number % 3}/", "/shout/", "/labels/", "/basket/", "/mine/",
        ):  # fmt: skip
            response = Client().get(path) if path != "/basket/" else client.get(path)
            assert response.status_code == 200, (path, response)
    with open(output, "w") as file:
        report = {"starting": starting, "snapshot": recorder.snapshot(), "faults": faults.texts}
        json.dump(report, file)
    recorder.uninstall()


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    os.environ["DJANGO_SETTINGS_MODULE"] = "kiosk.settings"
    main(*sys.argv[1:])
