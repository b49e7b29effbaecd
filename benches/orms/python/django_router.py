"""`DATABASE_ROUTERS` with the `PrimaryReplicaRouter` of Django's documentation, up to the connection's wrapper."""

import random

import django
from django.conf import settings

DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
ALIASES = ["default", "replica1", "replica2", "replica3"]


class PrimaryReplicaRouter:
    def db_for_read(self, model, **hints):
        return random.choice(ALIASES[1:])

    def db_for_write(self, model, **hints):
        return "default"


settings.configure(DATABASES={alias: DATABASE for alias in ALIASES}, DEFAULT_AUTO_FIELD="django.db.models.AutoField")
django.setup()

from django.db import connections, models  # noqa: E402
from django.db.utils import ConnectionRouter  # noqa: E402

from timing import report  # noqa: E402


class User(models.Model):
    class Meta:
        app_label = "users"


routed, alone = ConnectionRouter([PrimaryReplicaRouter()]), ConnectionRouter([])
assert routed.db_for_read(User) in ALIASES[1:]
assert routed.db_for_write(User) == "default"

report(
    "Django",
    django.get_version(),
    "DATABASE_ROUTERS",
    "none: its documentation calls the example flawed for that; a read is pinned by hand (using)",
    alone=lambda: connections[alone.db_for_read(User)],
    read=lambda: connections[routed.db_for_read(User)],
    write=lambda: connections[routed.db_for_write(User)],
)
