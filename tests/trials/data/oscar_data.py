"""What a shop has after a month: products, reviews, customers and their orders."""

import os
import random
import sys

import django

sys.path.insert(0, os.getcwd())
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
django.setup()

from oscar.apps.partner.strategy import Default
from oscar.test import factories

chance = random.Random(1)
kinds = [factories.ProductClassFactory(name=f"Kind {n}") for n in range(3)]
categories = [factories.CategoryFactory(name=f"Category {n}") for n in range(8)]
products = []
for n in range(60):
    product = factories.ProductFactory(
        title=f"Product {n}", product_class=kinds[n % 3], categories=[categories[n % 8]]
    )
    products.append(product)
    factories.ProductReviewFactory(
        product=product, user=factories.UserFactory(), score=1 + n % 5, status=1
    )
for n in range(30):
    buyer = factories.UserFactory(username=f"buyer{n}", email=f"buyer{n}@example.org")
    basket = factories.BasketFactory(owner=buyer)
    basket.strategy = Default()
    for product in chance.sample(products, 3):
        basket.add_product(product, 1)
    factories.create_order(number=f"1000{n}", user=buyer, basket=basket)
