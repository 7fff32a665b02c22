"""Webhooks: a scenario tells another system of a person. A row first, then a signed request, tried again over a day.

    queuing.queue       one row for each person of a set, in the caller's transaction
    sending.send_due    what is due is sent: judged by address, signed, each try on record
    stopping.stop       nothing of a publication begins any more (G3); release and skip say what becomes of what waits
    endpoints           the secret of each address: made, rotated

The decision: docs/decisions/0013-notices-and-webhooks.md.
"""
