from django.contrib import admin

from .models import Device, Notification


@admin.register(Notification)
class NotificationAdmin(admin.ModelAdmin):
    list_display = ("verb", "recipient_name", "actor_name", "about", "created_at", "read_at")
    list_filter = ("verb",)
    list_select_related = ("recipient", "actor")
    raw_id_fields = ("recipient", "actor")
    ordering = ("-created_at", "-pk")

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("target")

    def recipient_name(self, notification):
        return notification.recipient.username

    def actor_name(self, notification):
        return notification.actor.username

    def about(self, notification):
        return getattr(notification.target, "title", "")


@admin.register(Device)
class DeviceAdmin(admin.ModelAdmin):
    list_display = ("platform", "owner", "created_at")
    list_select_related = ("user",)
    raw_id_fields = ("user",)

    def owner(self, device):
        return device.user.username
