"""The states of a ledger row, written down once: the database's constraints and the manual's picture come from here.

    queued ──claim──▶ sending ──reply 2xx──▶ accepted
      ▲  │               │────reply 5xx──▶ refused
      │  │               │────reply lost after the body──▶ in_doubt
      │  │               └────4xx, or surely not left──▶ queued
      │  └──no longer eligible──▶ excluded
      └── (stopped: queued with an epoch older than the dispatch's)

What a crash leaves behind: `queued` as it was; `sending` until the sender's journal is read (adopted by whoever
comes next on that host) or, where there is no journal, `in_doubt` once its permit has run out.
"""

QUEUED = "queued"
SENDING = "sending"
ACCEPTED = "accepted"
REFUSED = "refused"
IN_DOUBT = "in_doubt"
EXCLUDED = "excluded"
STOPPED = "stopped"  # derived, never stored

STATES = (QUEUED, SENDING, ACCEPTED, REFUSED, IN_DOUBT, EXCLUDED)

# Who may move a row from where to where. Everything else is refused by a trigger.
MOVES: dict[tuple[str, str], str] = {
    (QUEUED, SENDING): "a sender claims it",
    (QUEUED, EXCLUDED): "judged again at the claim: opted out, suppressed, deleted (G5)",
    (SENDING, ACCEPTED): "the relay's 2xx after the body",
    (SENDING, REFUSED): "a 5xx, or 4xx until the dispatch gives up",
    (SENDING, QUEUED): "a 4xx, or it surely did not leave",
    (SENDING, EXCLUDED): "its mail can't be built for this person",
    (SENDING, IN_DOUBT): "the body left and no reply was read (G2)",
    (IN_DOUBT, ACCEPTED): "evidence: the reply came late, the journal, the relay's log",
    (IN_DOUBT, REFUSED): "evidence: a refusal came late, a bounce",
}


def guard() -> str:
    """The trigger that refuses every other move. Its condition is judged without calling a function, so that it costs
    nothing on the hot path."""
    allowed = " OR ".join(f"(OLD.state = '{old}' AND NEW.state = '{new}')" for old, new in MOVES)
    return f"""
CREATE FUNCTION delivery_refuse_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a ledger row does not move from % to %', OLD.state, NEW.state USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER delivery_ledger_moves BEFORE UPDATE ON delivery_ledger FOR EACH ROW
    WHEN (OLD.state <> NEW.state AND NOT ({allowed}))
    EXECUTE FUNCTION delivery_refuse_move();
CREATE TRIGGER delivery_ledger_nothing_lost BEFORE DELETE ON delivery_ledger FOR EACH ROW
    EXECUTE FUNCTION core_refuse_change();
"""
