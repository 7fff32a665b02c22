"""Staff users and API keys."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class Role(models.TextChoices):
    """What a person may do; each role may all that the one before it may. Every role may stop (G14)."""

    VIEWER = "viewer"
    EDITOR = "editor"
    PUBLISHER = "publisher"
    ADMINISTRATOR = "administrator"


class UserManager(BaseUserManager["User"]):
    """Looks people up by address; creation is `accounts.users.create`."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """One of our own people."""

    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=100)
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.VIEWER)
    language = models.CharField(max_length=2, choices=[("ja", "日本語"), ("en", "English")], default="ja")
    is_active = models.BooleanField(default=True)
    verified_email = models.CharField(max_length=254, blank=True, default="", db_default="")  # see `accounts.verifying`
    verified_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    objects = UserManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        db_table = "accounts_user"
        constraints = [
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="accounts_user_role"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def is_verified(self) -> bool:
        """Whether the address is known to be this person's: notices go to no other. Another address is unverified again."""
        return self.verified_email == self.email

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return False

    def has_module_perms(self, app_label: str) -> bool:
        return False


class ApiKey(models.Model):
    """A key of a program. Only its SHA-256 is kept; the key is shown once, when it is made."""

    name = models.CharField(max_length=100)
    role = models.CharField(max_length=20, choices=Role.choices)
    prefix = models.CharField(max_length=12)
    secret_hash = models.BinaryField(max_length=32, unique=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "accounts_api_key"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class FailedLogin(models.Model):
    """A log-in that failed: for limiting tries, forgotten after ten minutes."""

    email = models.CharField(max_length=254)
    origin = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        db_table = "accounts_failed_login"
        indexes = [models.Index(fields=["email", "at"]), models.Index(fields=["origin", "at"])]
