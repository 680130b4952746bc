"""Lists that follow relations."""

from django.contrib import admin

from shop.models import Line, Note, Order


class LineInline(admin.TabularInline):
    model = Line
    extra = 0
    fields = ["product", "where"]
    readonly_fields = ["where"]

    def where(self, line):
        return line.order.customer.city.name


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):
    list_display = ["number", "town", "products"]
    list_filter = ["is_open"]
    inlines = [LineInline]

    def town(self, order):
        return order.customer.city.name

    def products(self, order):
        return ", ".join(line.product for line in order.lines.all())


@admin.register(Line)
class LineAdmin(admin.ModelAdmin):
    list_display = ["product", "number"]
    list_select_related = True

    def number(self, line):
        return line.order.number


@admin.register(Note)
class NoteAdmin(admin.ModelAdmin):
    list_display = ["pk", "what"]

    def what(self, note):
        return str(note.about)
