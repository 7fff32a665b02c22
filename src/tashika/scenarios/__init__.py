"""Scenarios: who gets what, when.

Owns the publication (the bill of materials of what runs), publish and unpublish, and for now the simplest scenario,
the broadcast. Hands rows down to `delivery`.
"""
