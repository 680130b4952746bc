from rest_framework import serializers

from .models import Device, Notification

PHRASES = {
    "post": "published",
    "comment": "commented:",
    "like": "likes",
    "follow": "follows you",
}


class NotificationSerializer(serializers.ModelSerializer):
    summary = serializers.SerializerMethodField()
    target = serializers.SerializerMethodField()

    class Meta:
        model = Notification
        fields = ["id", "verb", "summary", "target", "created_at", "read_at"]

    def get_summary(self, notification):
        phrase = PHRASES.get(notification.verb, notification.verb)
        return f"{notification.actor.username} {phrase}"

    def get_target(self, notification):
        target = notification.target
        if target is None:
            return None
        text = getattr(target, "title", None) or getattr(target, "body", "")[:80]
        return {"type": target._meta.model_name, "id": target.pk, "text": text}


class DeviceSerializer(serializers.ModelSerializer):
    class Meta:
        model = Device
        fields = ["id", "token", "platform"]
