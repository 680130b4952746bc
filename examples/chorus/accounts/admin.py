from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin

from .models import City, Profile, User


@admin.register(User)
class UserAdmin(BaseUserAdmin):
    list_display = ("username", "email", "display_name", "is_verified", "is_staff")
    list_select_related = ("profile",)
    fieldsets = (*BaseUserAdmin.fieldsets, ("Chorus", {"fields": ("is_verified", "last_seen_at")}))
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "email", "password1", "password2")}),
    )

    @admin.display(description="name")
    def display_name(self, user):
        return getattr(user, "profile", "")


@admin.register(Profile)
class ProfileAdmin(admin.ModelAdmin):
    list_display = ("display_name", "account", "city", "wants_digest")
    list_select_related = ("user", "city")
    raw_id_fields = ("user",)
    search_fields = ("display_name", "user__username")

    @admin.display(ordering="user__username")
    def account(self, profile):
        return profile.user.username


@admin.register(City)
class CityAdmin(admin.ModelAdmin):
    list_display = ("name", "country")
    search_fields = ("name",)
