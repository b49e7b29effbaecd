"""`Session.get_bind`, overridden as the chapter "Custom Vertical Partitioning" of SQLAlchemy's documentation does."""

import random

import sqlalchemy
from sqlalchemy import Delete, Update, create_engine, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from timing import report

# An engine connects when it is first used: none of these is.
LEADER, *FOLLOWERS = [create_engine("sqlite://") for _ in range(4)]


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)


class RoutingSession(Session):
    def get_bind(self, mapper=None, clause=None, **kwargs):
        if self._flushing or isinstance(clause, (Update, Delete)):
            return LEADER
        return random.choice(FOLLOWERS)


mapper = sqlalchemy.inspect(User)
read = select(User).where(User.id == 1)
write = update(User).where(User.id == 1).values(id=2)
routed, alone = RoutingSession(), Session(LEADER)
assert routed.get_bind(mapper=mapper, clause=read) in FOLLOWERS
assert routed.get_bind(mapper=mapper, clause=write) is LEADER

report(
    "SQLAlchemy",
    sqlalchemy.__version__,
    "Session.get_bind",
    "none; in the documented example, text(), insert() and SELECT ... FOR UPDATE go to a follower too",
    alone=lambda: alone.get_bind(mapper=mapper, clause=read),
    read=lambda: routed.get_bind(mapper=mapper, clause=read),
    write=lambda: routed.get_bind(mapper=mapper, clause=write),
)
