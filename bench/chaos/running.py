"""The rounds of one run, and what is told of them. Imported once Django is set up."""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from bench.chaos import checking
from bench.chaos.faults import FAULTS
from bench.chaos.faults.fault import Fault
from bench.chaos.house import House
from bench.chaos.operators import patiently
from bench.chaos.rounds import Round
from bench.chaos.smtp_server import Transaction
from tashika.accounts import api_keys, users
from tashika.accounts.models import Role, User
from tashika.core import clock
from tashika.core.actors import SYSTEM
from tashika.core.models import OrganisationSettings
from tashika.delivery.arming import deciding
from tashika.delivery.models import Relay


@dataclass
class Account:
    """What became of one fault over all rounds."""

    rounds: int = 0
    accepted: int = 0
    in_doubt: int = 0
    tried_again: int = 0  # transactions beyond a mail's first: it surely had not left before
    seconds: float = 0.0
    happened: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, Any]:
        """For the last line."""
        return {
            "rounds": self.rounds,
            "accepted": self.accepted,
            "in_doubt": self.in_doubt,
            "tried_again": self.tried_again,
            "seconds_a_round": round(self.seconds / max(1, self.rounds), 1),
            "happened": dict(self.happened.most_common()),
        }


class Chaos:
    """All rounds of one run."""

    def __init__(self, *, house: House, seed: str, words: str, ends_at: float, say: Callable[[str], None]) -> None:
        """`words`: only faults whose name has them. `ends_at`: on time.monotonic."""
        self.house, self.seed, self.words, self.ends_at, self._say = house, seed, words, ends_at, say
        self.accounts: dict[str, Account] = {}
        self.found: list[str] = []
        self._deck: list[type[Fault]] = []

    def run(self, rounds: int) -> dict[str, Any]:
        """So many rounds, or as many as the time allows; the figures."""
        began = time.monotonic()
        _prepare(self.house)
        self.house.arm()
        for number in range(1, rounds + 1):
            kind = self._draw(number)
            if kind is None:
                break
            self._round(number, kind())
        return self._figures(time.monotonic() - began)

    def _draw(self, number: int) -> type[Fault] | None:
        """The next fault of a shuffled deck that this machine can do and the time is enough for."""
        dice = random.Random(f"{self.seed}:draw:{number}")
        for _ in range(2 * len(FAULTS)):
            if not self._deck:
                able = [one for one in FAULTS if one.needs not in self.house.skipped and self.words in one.name]
                self._deck = dice.sample(able, len(able))
            kind = self._deck.pop()
            if time.monotonic() + kind.seconds < self.ends_at:
                return kind
        return None

    def _round(self, number: int, fault: Fault) -> None:
        """One round, and what is found. A round that can't be run to its end counts as a violation, too: something hangs
        or is gone that should not."""
        began = time.monotonic()
        dice = random.Random(f"{self.seed}:{number}:size")
        round_ = Round(self.house, number, self.seed, dice.randint(40, 150))
        found: list[str] = []
        states: dict[str, int] = {}
        try:
            ended = self._play(round_, fault, dice)
            seen = checking.look(round_)
            found = checking.check(round_, seen, ended=ended)
            states = dict(Counter(row.state for row in seen.rows.values()))
            self._account(fault, round_.notes, seen.rows, seen.record, time.monotonic() - began)
        except Exception as error:
            found = [*round_.found, f"the round can't be run: {type(error).__name__}: {error}"]
            fault.heal(round_)
        for words in found:
            self.found.append(f"round {number}, seed {self.seed}, {fault.name}: {words}")
            self._say(f"VIOLATION {self.found[-1]}")
        self._say(f"{number:4} {fault.name}: {'; '.join(round_.notes)} {states} {time.monotonic() - began:.1f} s")
        self.house.tend()

    def _play(self, round_: Round, fault: Fault, dice: random.Random) -> bool:
        """The round itself; whether the dispatch came to its end."""
        self.house.smtp.begin(rules=fault.rules(dice), delay=dice.choice(fault.delays), seed=dice.randrange(2**32))
        round_.prepare()
        fault.publish(round_)
        round_.wait_for_mails(dice.random() * 0.9)
        fault.strike(round_)
        if dice.random() < fault.stops:
            time.sleep(dice.random() * 0.3)
            pressed = round_.stop(patience=6)
        else:
            pressed = True
        fault.heal(round_)
        if not pressed:  # it may have been pressed for all that: only the answer was not possible
            round_.stop()
        if round_.is_stopped:
            round_.let_go_on()
        self.house.smtp.behave()
        return round_.end()

    def _account(
        self, fault: Fault, notes: list[str], rows: dict[str, Any], record: list[Transaction], seconds: float
    ) -> None:
        account = self.accounts.setdefault(fault.name, Account())
        account.rounds += 1
        account.seconds += seconds
        account.accepted += sum(row.state == "accepted" for row in rows.values())
        account.in_doubt += sum(row.state == "in_doubt" for row in rows.values())
        tries = Counter(one.recipient for one in record if one.recipient)
        account.tried_again += sum(number - 1 for number in tries.values())
        account.happened.update(notes)

    def _figures(self, seconds: float) -> dict[str, Any]:
        skipped = {
            one.name: {"skipped": self.house.skipped[one.needs]} for one in FAULTS if one.needs in self.house.skipped
        }
        return {
            "bench": "chaos",
            "seed": self.seed,
            "seconds": round(seconds, 1),
            "rounds": sum(account.rounds for account in self.accounts.values()),
            "violations": len(self.found),
            "found": self.found[:50],
            "accepted": sum(account.accepted for account in self.accounts.values()),
            "in_doubt": sum(account.in_doubt for account in self.accounts.values()),
            "faults": {name: account.as_json() for name, account in sorted(self.accounts.items())} | skipped,
        }


def _prepare(house: House) -> None:
    """An administrator with a key for the API, and the relay that leads to our server."""
    now = clock.now()
    patiently(
        lambda: OrganisationSettings.objects.update_or_create(
            id=1,
            defaults={
                "name": "みらい計測システム",
                "postal_address": "東京都千代田区見本町1-2-3",
                "contact": "info@mirai.example.jp",
            },
        )
    )
    person = users.create(
        email="chaos@example.jp",
        name="混乱 一郎",
        password="chaos-Chaos-2026",
        role=Role.ADMINISTRATOR,
        by=SYSTEM,
        now=now,
    )
    _, house.key = api_keys.make(name="chaos", role=Role.ADMINISTRATOR, by=person, now=now)
    Relay.objects.create(
        name="chaos",
        host="127.0.0.1",
        port=house.smtp.port,
        security="none",
        connections=4,
        confirmed_at=now,
        is_default=True,
        created_at=now,
    )
    if house.network:
        _arm_the_second_host(house, person)


def _arm_the_second_host(house: House, person: User) -> None:
    """The host that looked first has armed itself; a person arms the other one (G13)."""

    def waiting() -> list[UUID]:
        return [host.id for host in deciding.situation(now=clock.now()).waiting if host.compared_at]

    house.wait_for(lambda: bool(waiting()), "the second host", 60)
    deciding.arm(by=person, hosts=waiting(), reason="chaos has two hosts", now=clock.now())
