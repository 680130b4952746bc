import uuid

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import RegexValidator
from django.db import models


class MemberManager(BaseUserManager):
    def create_user(self, email, password, *, member_number):
        member = self.model(email=self.normalize_email(email), member_number=member_number)
        member.set_password(password)
        member.save()
        return member

    def create_superuser(self, **kwargs):
        raise NotImplementedError("nobody is born an admin here")


class Team(models.Model):
    name = models.CharField(max_length=40, unique=True)
    captain = models.ForeignKey("Member", models.SET_NULL, null=True, related_name="captain_of")


class Member(AbstractBaseUser, PermissionsMixin):
    email = models.EmailField(unique=True)
    member_number = models.CharField(
        max_length=8, unique=True, validators=[RegexValidator(r"^M-\d{6}$")]
    )
    token = models.UUIDField(unique=True, default=uuid.uuid4)
    team = models.ForeignKey(Team, models.SET_NULL, null=True)
    friends = models.ManyToManyField("self")
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["member_number"]
    objects = MemberManager()


class Profile(models.Model):
    member = models.OneToOneField(Member, models.CASCADE, primary_key=True)
    birthday = models.DateField(null=True)
    avatar = models.FileField(upload_to="avatars")
