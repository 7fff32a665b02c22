"""The queue of the Postfix on the senders' own host, as a part of a stop.

A relay's 2xx means that it has the mail, not that the mail has left its host. Where the relay is the Postfix of this host:

    credit    senders keep at most a few seconds of mail ahead of it
    holding   after a stop, what still waits in its queue is put on hold, each mail by its queue id
    wishing   a person releases what is held, or deletes it
    minding   runs all of it in the senders of that host, beside the lanes
    queries   what became of whom
"""
