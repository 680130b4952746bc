"""The rows of a small shop."""

from django.contrib.auth.models import User
from django.core.management import call_command
from shop.models import City, Country, Customer, Line, Note, Order


def fill():
    call_command("migrate", run_syncdb=True, verbosity=0)
    User.objects.create(username="admin", is_staff=True, is_superuser=True)
    countries = [Country.objects.create(name=f"n{i}") for i in range(4)]
    cities = [City.objects.create(name=f"c{i}", country=countries[i % 4]) for i in range(6)]
    people = [Customer.objects.create(name=f"p{i}", city=cities[i % 6]) for i in range(8)]
    for i in range(20):
        order = Order.objects.create(number=f"o{i}", customer=people[i % 8], is_open=i % 4 > 0)
        for k in range(4):
            Line.objects.create(order=order, product=f"x{k}", is_sent=k % 2 == 0)
        Note.objects.create(about=order, author=people[i % 8])
        Note.objects.create(about=people[i % 8], author=people[(i + 1) % 8])
