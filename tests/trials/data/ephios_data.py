"""What a volunteer association has in ephios after half a year; runs after `devdata`."""

import os
import random
import sys
from datetime import UTC, date, datetime, timedelta

import django

sys.path.insert(0, "src")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ephios.settings")
django.setup()

from django.contrib.auth.models import Group
from ephios.core.models import (
    Event,
    EventType,
    LocalParticipation,
    Qualification,
    QualificationCategory,
    QualificationGrant,
    Shift,
    UserProfile,
    WorkingHours,
)
from guardian.shortcuts import assign_perm

chance = random.Random(1)
volunteers = Group.objects.get(name="Volunteers")
planners = Group.objects.get(name="Planners")
category = QualificationCategory.objects.create(title="Medical")
qualifications = [
    Qualification.objects.create(title=f"Level {n}", abbreviation=f"L{n}", category=category)
    for n in range(6)
]
people = [
    UserProfile.objects.create(
        email=f"person{n}@localhost", display_name=f"Person {n}", date_of_birth=date(1980, 1, 1)
    )
    for n in range(60)
]
volunteers.user_set.add(*people)
planners.user_set.add(*people[:5])
for person in people:
    for qualification in chance.sample(qualifications, 3):
        QualificationGrant.objects.create(user=person, qualification=qualification)
    WorkingHours.objects.create(user=person, date=date(2026, 5, 1), hours=3, reason="Training")
types = list(EventType.objects.all())
start = datetime(2040, 6, 1, 16, tzinfo=UTC)
for n in range(40):
    event = Event.objects.create(
        title=f"Event {n}", location="Town square", type=types[n % len(types)], active=True
    )
    assign_perm("view_event", [volunteers, planners], event)
    assign_perm("change_event", planners, event)
    for hour in range(3):
        begin = start + timedelta(days=n, hours=4 * hour)
        shift = Shift.objects.create(
            event=event,
            meeting_time=begin,
            start_time=begin,
            end_time=begin + timedelta(hours=4),
            signup_flow_slug="request_confirm",
            signup_flow_configuration={"user_can_decline_confirmed": True},
            structure_slug="uniform",
            structure_configuration={"minimum_number_of_participants": 2},
        )
        for person in chance.sample(people, 8):
            LocalParticipation.objects.create(
                shift=shift, user=person, state=LocalParticipation.States.CONFIRMED
            )
