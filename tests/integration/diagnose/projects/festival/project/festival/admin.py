"""What the staff sees."""

from django.contrib import admin

from festival.models import Entry, Gig


@admin.register(Gig)
class GigAdmin(admin.ModelAdmin):
    list_display = ("title", "band")


@admin.register(Entry)
class EntryAdmin(admin.ModelAdmin):
    list_display = ("text", "count")
    list_editable = ("count",)
