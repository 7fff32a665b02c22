"""From the bytes of a message to what it says: which of our mails, what became of it. Pure: no Django, no database.

`reading.read` never raises and looks at no more than `parts.LIMIT` bytes, whatever it is given.
"""
