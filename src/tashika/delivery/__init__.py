"""Delivery: from a row to a reply.

Owns the relays, the dispatch (the unit that is stopped), the ledger (one row per planned mail, written before
anything leaves), the senders, stop and emergency stop, tracking. Knows nothing of scenarios: they hand rows down.
Pure: `smtp`.
"""
