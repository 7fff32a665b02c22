"""Accounts: our own people, their roles, and API keys.

Others call `accounts.roles.require(actor_role, "publish")`, `accounts.users.create(...)`, `accounts.api_keys.verify(...)`.
"""
