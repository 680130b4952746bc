from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, IntegerRangeField
from django.contrib.postgres.search import SearchVectorField
from django.db import models


class Booking(models.Model):
    during = DateTimeRangeField()
    seats = IntegerRangeField(null=True)
    words = SearchVectorField(null=True)
    sizes = ArrayField(models.CharField(max_length=2, choices=[("S", "S"), ("L", "L")]))
    matrix = ArrayField(ArrayField(models.IntegerField(), size=2), default=list)

    class Meta:
        constraints = [
            ExclusionConstraint(name="one_at_a_time", expressions=[("during", "&&")]),
        ]
