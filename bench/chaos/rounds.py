"""One round: a small broadcast to people of its own, a fault while it runs, perhaps a stop, and the end of it."""

import random
import time
from dataclasses import dataclass, field

from django.db import connection

from bench.chaos import operators
from bench.chaos.house import House
from bench.chaos.operators import Stop, patiently
from bench.scenery import SHORT_MAIL
from tashika.contents import drafting
from tashika.contents.models import Content, Kind
from tashika.core import clock
from tashika.people.addresses import address_hash, address_key
from tashika.people.models import Contact

END_WITHIN = 90.0  # seconds from the end of the fault to the end of the dispatch


@dataclass
class Round:
    """One round and what happened in it."""

    house: House
    number: int
    seed: str
    people: int
    dice: random.Random = field(init=False)
    scenario: str = ""
    dispatch: int | None = None
    stops: list[tuple[Stop, float]] = field(default_factory=list)  # with the moment at which it was let go on
    gone: dict[str, float] = field(default_factory=dict)  # address -> since when nothing may be claimed for it
    notes: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)  # violations that a fault itself saw

    def __post_init__(self) -> None:
        self.dice = random.Random(f"{self.seed}:{self.number}")

    # -- before

    def prepare(self) -> None:
        """Invented people of this round, and a broadcast to them."""
        patiently(self._add_people)
        now = clock.now()
        rule = {"op": "and", "rules": [{"field": "external_id", "test": "is", "value": self._mark}]}
        segment = drafting.create(kind=Kind.SEGMENT, name=self._mark, draft={"rule": rule}, by=None, now=now)
        mail = drafting.create(kind=Kind.MAIL, name=self._mark, draft=SHORT_MAIL, by=None, now=now)
        draft = {"type": "broadcast", "segment": segment.public_id, "mail": mail.public_id, "send_at": None}
        self.scenario = drafting.create(kind=Kind.SCENARIO, name=self._mark, draft=draft, by=None, now=now).public_id

    @property
    def _mark(self) -> str:
        return f"round {self.number}"

    def address(self, index: int) -> str:
        """Of the round's person by number; some are written in capitals, for one mailbox has many spellings."""
        name = f"r{self.number}.p{index}@recipient.example.jp"
        return name.upper() if index % 10 == 7 else name

    def _add_people(self) -> None:
        now = clock.now()
        Contact.objects.bulk_create(
            [
                Contact(
                    email=address,
                    email_key=address_key(address),
                    address_hash=address_hash(address_key(address)),
                    family_name=f"姓{index}",
                    company_name="株式会社みらい",
                    external_id=self._mark,
                    consent="given",
                    created_at=now,
                    updated_at=now,
                )
                for index, address in enumerate(self.address(index) for index in range(self.people))
            ],
            ignore_conflicts=True,
        )

    # -- meanwhile

    def publish(self, choice: str | None = None) -> None:
        """Publish, or go on after a stop."""
        found = operators.publish(port=self.house.port, key=self.house.key, scenario=self.scenario, choice=choice)
        self.dispatch = found or self.dispatch or self.dispatch_of_publication()

    def dispatch_of_publication(self) -> int:
        """The worker starts what the web process had no time to start."""
        from tashika.scenarios.models import Publication

        deadline = time.monotonic() + operators.PATIENCE
        while time.monotonic() < deadline:
            last = patiently(lambda: Publication.objects.filter(scenario=self.content()).order_by("-id").first())
            if last is not None and last.dispatch_id is not None:
                return int(last.dispatch_id)
            time.sleep(0.05)
        raise operators.OutOfPatience("no dispatch was opened")

    def content(self) -> Content:
        """The scenario."""
        from tashika.contents import queries

        return patiently(lambda: queries.by_public_id(self.scenario))

    def wait_for_mails(self, share: float, within: float = 3.0) -> None:
        """Until this share of the mails has begun, or for so long."""
        deadline = time.monotonic() + within
        while self.house.smtp.begun() < share * self.people and time.monotonic() < deadline:
            time.sleep(0.005)

    def stop(self, patience: float = operators.PATIENCE) -> bool:
        """Unpublish and see that nothing begins any more; whether it was possible."""
        try:
            stop = operators.unpublish(
                port=self.house.port, key=self.house.key, scenario=self.scenario, patience=patience
            )
        except operators.OutOfPatience:
            self.notes.append("stop not possible meanwhile")
            return False
        self.notes.append("stopped" if stop.certain else "stopped, a sender silent")
        self.stops.append((stop, float("inf")))
        return True

    @property
    def is_stopped(self) -> bool:
        """Whether the last stop still holds."""
        return bool(self.stops) and self.stops[-1][1] == float("inf")

    def let_go_on(self) -> None:
        """Watch the last stop for a moment, then publish again and choose to send what was stopped."""
        time.sleep(self.dice.uniform(0.15, 0.4))
        self.stops[-1] = (self.stops[-1][0], time.time())
        try:
            self.publish(choice="send")
        except operators.Refused as refused:  # nothing was left to send
            self.notes.append(f"after the stop: {refused}")

    # -- after

    def end(self) -> bool:
        """Let the dispatch come to its end; whether it did: finished, or stopped when nothing was left to be sent. The minutes until a retry are passed over by making what
        waits due at once: that alone is not left to the product."""
        deadline = time.monotonic() + END_WITHIN
        while time.monotonic() < deadline:
            if patiently(self._has_ended):
                return True
            self.house.tend()
            time.sleep(0.05)
        return False

    def _has_ended(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE delivery_queue SET due_at = now() WHERE dispatch_id = %s AND due_at > now()", [self.dispatch]
            )
            cursor.execute(
                "SELECT d.state = 'finished' OR d.state = 'stopped'"
                " AND NOT EXISTS (SELECT FROM delivery_queue q WHERE q.dispatch_id = d.id)"
                " AND NOT EXISTS (SELECT FROM delivery_claim c WHERE c.dispatch_id = d.id AND c.rows IS NOT NULL)"
                " FROM delivery_dispatch d WHERE d.id = %s",
                [self.dispatch],
            )
            return bool(cursor.fetchone()[0])
