from django.conf import settings
from django.db import models
from django.db.models.signals import post_save
from django.dispatch import receiver


class Person(models.Model):
    name = models.CharField(max_length=40)
    active = models.BooleanField(default=True)


class Label(models.Model):
    name = models.CharField(max_length=40)


class Ticket(models.Model):
    title = models.CharField(max_length=60)
    author = models.ForeignKey(Person, models.CASCADE, related_name="written")
    editor = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="edited")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    labels = models.ManyToManyField(Label)
    public = models.BooleanField(default=True)
    score = models.IntegerField(default=0)
    created = models.DateTimeField()
    slug = models.CharField(max_length=80, blank=True)

    def save(self, *args, **kwargs):
        self.slug = f"{self.title[:20]}-{self.score}"
        super().save(*args, **kwargs)


class Note(models.Model):
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="notes")
    text = models.TextField()
    visible = models.BooleanField(default=True)


class Entry(models.Model):
    text = models.CharField(max_length=80)


@receiver(post_save, sender=Ticket)
def log(sender, instance, **kwargs):
    Entry.objects.create(text=str(instance.pk))
