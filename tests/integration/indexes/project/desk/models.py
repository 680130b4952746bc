"""Models with every sort of index, and without some that their queries need."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower


class Team(models.Model):
    name = models.CharField(max_length=50, unique=True)


class Ticket(models.Model):
    team = models.ForeignKey(Team, on_delete=models.CASCADE)
    owner = models.ForeignKey(Team, on_delete=models.CASCADE, db_index=False, related_name="+")
    watchers = models.ManyToManyField(Team, related_name="watched")
    state = models.CharField(max_length=10)
    rare = models.CharField(max_length=20)
    covered = models.IntegerField(db_index=True)
    email = models.CharField(max_length=60)
    subject = models.TextField()
    data = models.JSONField()
    tags = ArrayField(models.CharField(max_length=10))
    created = models.DateTimeField()
    closed = models.DateTimeField(null=True)
    is_spam = models.BooleanField()
    half = models.IntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["covered"], name="ticket_covered_again"),
            models.Index(fields=["team", "state"], name="ticket_team_state"),
            models.Index(Lower("email"), name="ticket_lower_email"),
            models.Index(fields=["half"], condition=models.Q(is_spam=True), name="ticket_spam"),
        ]


class Tag(models.Model):
    id = models.SmallAutoField(primary_key=True)
    word = models.CharField(max_length=20)
