from django.contrib import admin

from .models import SiteFlag


@admin.register(SiteFlag)
class SiteFlagAdmin(admin.ModelAdmin):
    list_display = ("name", "enabled", "note")
    list_editable = ("enabled",)
