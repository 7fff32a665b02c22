"""What a fault is: rules for the server, and what is done while the broadcast runs."""

import random
from typing import ClassVar

from bench.chaos.rounds import Round
from bench.chaos.smtp_server import Rule


class Fault:
    """One fault in one round; made anew for each."""

    name: ClassVar[str]
    needs: ClassVar[str] = ""  # what the machine has to be able to do: disk, clock, network
    seconds: ClassVar[float] = 2.0  # that a round with it takes, about
    delays: ClassVar[tuple[float, ...]] = (
        0.005,
        0.02,
        0.05,
        0.1,
    )  # seconds that the server takes for a mail, one is drawn
    stops: ClassVar[float] = 0.5  # how often somebody unpublishes while it lasts

    def rules(self, dice: random.Random) -> list[Rule]:
        """How the SMTP server misbehaves."""
        return []

    def publish(self, round_: Round) -> None:
        """How it is published."""
        round_.publish()

    def strike(self, round_: Round) -> None:
        """Called while mails leave."""

    def heal(self, round_: Round) -> None:
        """Called afterwards: the fault is over."""
