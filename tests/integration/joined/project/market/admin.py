from django.contrib import admin

from market.models import Item

admin.site.register(Item)
