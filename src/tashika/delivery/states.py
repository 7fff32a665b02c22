"""The states of a ledger row and of a dispatch, written down once: the database's triggers and the manual's pictures come
from here.

A ledger row:

    queued ──claim──▶ sending ──reply 2xx──▶ accepted
      ▲  │               │────reply 5xx──▶ refused
      │  │               │────reply lost after the body──▶ in_doubt
      │  │               └────4xx, or surely not left──▶ queued
      │  └──no longer eligible──▶ excluded
      └── (stopped: queued in a dispatch that is stopped)

What a crash leaves behind: `queued` as it was; `sending` until the sender's journal is read (adopted by whoever
comes next on that host) or, where there is no journal, `in_doubt` once its permit has run out.

A dispatch:

    planning ──▶ sending ──▶ finished
        │  ▲        │  ▲
        ▼  │        ▼  │
        stopped ◀───┘──┘   (released only by a person)
"""

QUEUED = "queued"
SENDING = "sending"
ACCEPTED = "accepted"
REFUSED = "refused"
IN_DOUBT = "in_doubt"
EXCLUDED = "excluded"
STOPPED = "stopped"  # derived, never stored

STATES = (QUEUED, SENDING, ACCEPTED, REFUSED, IN_DOUBT, EXCLUDED)
EXCEPTIONS = (REFUSED, IN_DOUBT, EXCLUDED)  # what an index finds among millions of accepted rows

# Who may move a row from where to where. Everything else is refused by a trigger.
MOVES: dict[tuple[str, str], str] = {
    (QUEUED, SENDING): "a sender claims it",
    (QUEUED, EXCLUDED): "judged again at the claim: opted out, suppressed, deleted (G5)",
    (SENDING, ACCEPTED): "the relay's 2xx after the body",
    (SENDING, REFUSED): "a 5xx, or 4xx until the dispatch gives up",
    (SENDING, QUEUED): "a 4xx, or it surely did not leave",
    (SENDING, EXCLUDED): "its mail can't be built for this person",
    (SENDING, IN_DOUBT): "the body left and no reply was read (G2)",
    (IN_DOUBT, ACCEPTED): "evidence: the reply came late, the journal, the relay's log; or a person",
    (IN_DOUBT, REFUSED): "evidence: a refusal came late, the relay's log; or a person",
    (QUEUED, ACCEPTED): "a journal proves it at the arming, after the database was put back (G13)",
    (QUEUED, REFUSED): "a journal proves it at the arming, after the database was put back (G13)",
    (QUEUED, IN_DOUBT): "a journal says that its body was handed over, at the arming (G13)",
}

DISPATCH_MOVES: dict[tuple[str, str], str] = {
    ("planning", "sending"): "the whole audience is in the ledger",
    ("planning", "stopped"): "unpublished while it was being planned",
    ("sending", "stopped"): "unpublished",
    ("sending", "finished"): "nothing is queued and nothing is in hand",
    ("stopped", "sending"): "a person releases it (G8, G14)",
    ("stopped", "planning"): "a person releases it before it was planned",
    ("finished", "sending"): "a person queues again what surely was not sent",
}


def guard(table: str, moves: dict[tuple[str, str], str]) -> str:
    """The trigger that refuses every other move. Its condition is judged without calling a function, so that it costs
    nothing on the hot path."""
    allowed = " OR ".join(f"(OLD.state = '{old}' AND NEW.state = '{new}')" for old, new in moves)
    return f"""
CREATE OR REPLACE FUNCTION delivery_refuse_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% does not move from % to %', TG_ARGV[0], OLD.state, NEW.state
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE OR REPLACE TRIGGER {table}_moves BEFORE UPDATE ON {table} FOR EACH ROW
    WHEN (OLD.state <> NEW.state AND NOT ({allowed}))
    EXECUTE FUNCTION delivery_refuse_move('a row of {table}');
"""
