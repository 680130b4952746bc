from django.contrib import admin

from .models import SearchLog


@admin.register(SearchLog)
class SearchLogAdmin(admin.ModelAdmin):
    list_display = ("term", "results", "user", "created_at")
    list_select_related = ("user",)
    raw_id_fields = ("user",)
    ordering = ("-created_at", "-pk")
