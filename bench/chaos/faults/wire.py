"""What a mail server or the wire to it does: closes, says no, says nothing, says half of it."""

import random
from typing import ClassVar

from bench.chaos.faults.fault import Fault
from bench.chaos.rounds import Round
from bench.chaos.smtp_server import Rule

_TEMPORARY = ("421 4.3.2 closing", "450 4.2.1 busy", "451 4.7.1 greylisted", "452 4.2.2 full")
_FINAL = ("550 5.1.1 nobody", "552 5.2.2 full", "554 5.7.1 refused", "500 5.5.2 what")
_EARLY = ("greeting", "ehlo")  # what each connection does once
_LATER = ("mail", "rcpt", "data", "dot")


class _Wire(Fault):
    """A fault that is all in the rules; `phase` is noted."""

    phases: ClassVar[tuple[str, ...]]

    def __init__(self) -> None:
        self.phase = ""

    def rules(self, dice: random.Random) -> list[Rule]:
        """One phase, drawn."""
        self.phase = dice.choice(self.phases)
        early = self.phase in _EARLY
        return self.at(self.phase, 0.6 if early else 0.3, 2 if early else 6, dice)

    def at(self, phase: str, share: float, times: int, dice: random.Random) -> list[Rule]:
        """The rules for a phase."""
        return [Rule(phase, "drop", share, times)]

    def strike(self, round_: Round) -> None:
        """Nothing more to do: the server does it."""
        round_.notes.append(f"at {self.phase}")


class DropBeforeMail(_Wire):
    """Closed before any mail, or instead of an answer to MAIL."""

    name = "connection dropped before MAIL"
    phases = ("greeting", "ehlo", "mail")


class DropAfterRcpt(_Wire):
    """Closed once RCPT was read."""

    name = "connection dropped after RCPT"
    phases = ("rcpt",)


class DropInData(_Wire):
    """Closed after DATA, before the body or in the middle of it."""

    name = "connection dropped in DATA"
    phases = ("data", "body")


class DropAfterDot(_Wire):
    """Closed after the final dot without a reply: half of these mails the server has, half it has not."""

    name = "connection dropped after the final dot"
    phases = ("dot",)

    def at(self, phase: str, share: float, times: int, dice: random.Random) -> list[Rule]:
        return [Rule(phase, "drop", 0.1, 3, taken=True), Rule(phase, "drop", 0.1, 3)]


class DropAfterReply(_Wire):
    """Closed right after the reply to the final dot."""

    name = "connection dropped after the reply"
    phases = ("after",)


class TemporaryRefusal(_Wire):
    """4xx at any command, the greeting and the final dot."""

    name = "4xx"
    phases = (*_EARLY, *_LATER)

    def at(self, phase: str, share: float, times: int, dice: random.Random) -> list[Rule]:
        return [Rule(phase, dice.choice(_TEMPORARY), share, times)]


class Refusal(_Wire):
    """5xx at any command, the greeting and the final dot."""

    name = "5xx"
    phases = (*_EARLY, *_LATER)

    def at(self, phase: str, share: float, times: int, dice: random.Random) -> list[Rule]:
        return [Rule(phase, dice.choice(_FINAL), share, times)]


class Hang(_Wire):
    """Silence at any phase; when the round's fault ends the reply comes late, or the connection closes."""

    name = "hang"
    phases = (*_EARLY, *_LATER, "body")

    def at(self, phase: str, share: float, times: int, dice: random.Random) -> list[Rule]:
        return [Rule(phase, "hang", share, min(times, 3), taken=dice.random() < 0.5)]


class CutReply(_Wire):
    """A reply in two pieces with a pause between them, or only its first two characters."""

    name = "reply cut in two"
    phases = (*_EARLY, *_LATER)

    def at(self, phase: str, share: float, times: int, dice: random.Random) -> list[Rule]:
        taken = dice.random() < 0.5
        return [Rule(phase, "halves", share, times), Rule(phase, "half", share / 2, min(times, 3), taken)]
