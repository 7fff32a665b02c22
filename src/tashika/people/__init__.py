"""People: who we may write to.

Owns contacts, companies, tags, custom fields, consent, opt-out, suppression, and the import of files with their
provenance. Pure: `reading` (files to rows) and `checking` (what is wrong with a row or a batch).
"""
