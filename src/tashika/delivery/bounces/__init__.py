"""Bounces: what comes back.

Owns the reports that mail systems, providers and recipients send about our mails: kept raw, parsed, tied to the ledger
row they speak of, and judged: hard bounces and complaints put an address on the suppression list, soft ones are
counted. Others call `return_path` (the envelope sender that brings a report back to its row), `taking` (a report has
come), `settling` (evidence for rows in doubt) and `queries`. Pure: `parsing`.
"""
