from django.contrib import admin

from shop.models import Comment, Event, Order, Product

admin.site.register([Comment, Event, Order, Product])
