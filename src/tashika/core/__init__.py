"""Core: what every room stands on and that knows nothing of the product.

Owns configuration, the embedded PostgreSQL, the clock, identifiers, errors, the audit trail (G12) and the
background-job runner. Other rooms call `core.audit.record`, `core.clock.now`, `core.sql.load`, `core.text.t`.
"""
