"""What the staff sees."""

from django.contrib import admin

from festival.models import Entry, Gig, Ticket


class TicketInline(admin.TabularInline):
    model = Ticket
    fields = ("holder",)
    extra = 3


@admin.register(Gig)
# ! repeated-query hoist | *
class GigAdmin(admin.ModelAdmin):
    list_display = ("title", "band")
    inlines = (TicketInline,)


@admin.register(Entry)
class EntryAdmin(admin.ModelAdmin):
    list_display = ("text", "count")
    list_editable = ("count",)
