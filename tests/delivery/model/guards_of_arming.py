"""The guards of arming (G13): what keeps senders from a database that was put back, and what brings back what it forgot."""

from pathlib import Path

from tashika.delivery.arming import comparing, deciding, looking
from tashika.delivery.models import SenderHost
from tests.delivery.model.taking_out import ONE_CLAIMS, Guard, nothing, python, statement, together
from tests.delivery.model.world import Action


def _forgotten_by_journals(host: SenderHost, journals: Path) -> bool:
    return host.armed_at is not None and comparing.has_forgotten(journals=journals, since=host.first_seen_at)


TAKEN: tuple[Action, ...] = (("server", 0, 0, "yes"), ("server", 0, 0, "yes"))  # an envelope and its body
TAKEN_ELSEWHERE: tuple[Action, ...] = (("claim", 2, 0, False), ("server", 2, 0, "yes"), ("server", 2, 0, "yes"))
PUT_BACK: tuple[Action, ...] = (
    ("start", 0),
    ("back_up", False),
    ("claim", 0, 0, False),
    *TAKEN,
    ("put_back", False),
    ("start", 0),
)

GUARDS = (
    Guard(
        "arming: a host says that the database went back",
        python(looking, "_went_back", lambda *_: False),
        "G13",
        (*PUT_BACK, ("start", 2), ("claim", 2, 0, False)),
    ),
    Guard(
        "arming: the newest claim of each journal is known",
        python(comparing, "has_forgotten", lambda **_: False),
        "G13",
        (("start", 0), ("back_up", True), ("claim", 0, 0, False), *TAKEN, ("put_back", False), *ONE_CLAIMS),
    ),
    Guard(
        "arming: the count on disk is not above the database's",
        together(
            python(looking, "_went_back", _forgotten_by_journals),
            statement("armed", "h.counter >= %(remembered)s", "true"),
        ),
        "G13",
        (
            ("start", 0),
            ("start", 2),
            ("back_up", False),
            *TAKEN_ELSEWHERE,
            ("time", 100),
            ("put_back", False),
            *ONE_CLAIMS,
        ),
    ),
    Guard(
        "permit: the count again, in the statement that gives it",
        statement("armed", "h.counter >= %(remembered)s", "true"),
        "G13",
        (
            ("start", 0),
            ("back_up", False),
            ("claim", 0, 0, False),
            *TAKEN,
            ("kill", 0, False),
            ("ask", 0),
            ("put_back", False),
            ("time", 20),
            *ONE_CLAIMS,
        ),
    ),
    Guard(
        "permit: only where the database is armed",
        statement("armed", "AND a.unarmed_since IS NULL", ""),
        "G13",
        (("ask", 2), *PUT_BACK, ("time", 20), ("start", 2), ("claim", 2, 0, False)),
    ),
    Guard(
        "permit: only in the place that was armed",
        statement("armed", "AND a.place = delivery_place()", ""),
        "G13",
        (
            ("start", 0),
            ("ask", 1),
            ("back_up", False),
            ("put_back", True),
            ("time", 20),
            ("start", 1),
            ("claim", 1, 0, False),
        ),
    ),
    Guard(
        "permit: only on a host that is armed",
        statement("armed", "AND h.armed_at IS NOT NULL", ""),
        "G13",
        (("ask", 2), *PUT_BACK, ("time", 20), ("arm", "b"), ("start", 2), ("claim", 2, 0, False)),
    ),
    Guard(
        "permit: all who were at work look before one begins",
        statement("armed", "o.armed_at IS NOT NULL", "false"),
        "G13",
        (("start", 0), ("start", 2), ("back_up", True), *TAKEN_ELSEWHERE, ("put_back", False), *ONE_CLAIMS),
    ),
    Guard(
        "permit: who was away waits for who worked after it",
        statement("awaited", "interval '3 seconds'", "interval '1 day'"),
        "G13",
        (
            ("start", 0),
            ("kill", 0, False),
            ("start", 2),
            ("back_up", False),
            *TAKEN_ELSEWHERE,
            ("time", 100),
            ("put_back", False),
            *ONE_CLAIMS,
        ),
    ),
    Guard(
        "arming: what journals say is put on record",
        statement("compare", "(l.state = 'queued' AND (l.claim IS NULL OR l.claim < t.claim))", "false"),
        "G2",
        (*PUT_BACK, ("start", 2), ("arm", "")),
    ),
    Guard(
        "arming: refused until every host has compared",
        python(deciding, "_refuse_without_answers", nothing),
        "G2",
        (
            ("start", 0),
            ("start", 2),
            ("back_up", False),
            *TAKEN_ELSEWHERE,
            ("put_back", False),
            ("start", 0),
            ("arm", ""),
        ),
    ),
    Guard(
        "claim: not what left without a row",
        statement("claim", "u.state IN ('accepted', 'in_doubt')", "false"),
        "G1",
        (
            ("start", 0),
            ("back_up", False),
            ("plan", 1),
            ("claim", 0, 1, False),
            *TAKEN,
            ("put_back", False),
            ("plan", 1),
            ("start", 0),
            ("arm", ""),
            ("start", 0),
            ("claim", 0, 1, False),
            *TAKEN,
        ),
    ),
)
