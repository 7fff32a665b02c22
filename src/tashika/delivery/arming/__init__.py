"""Arming (G13): a sender works only on the database, timeline and host that a person has armed.

machine    what a host looks like from inside
memory     what a host remembers of the database, in files that prove they were not copied
looking    a host asks where it stands, before each registration; what it finds is on record
comparing  journals against the ledger: what left although the database has forgotten it
deciding   what is known, for the page and the command line; a person arms
reasons    why nothing is sent, in words
"""
