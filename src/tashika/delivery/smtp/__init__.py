"""The SMTP dialogue by phases (RFC 5321, pipelining by RFC 2920). Pure: no Django, no database.

The standard library can't tell a connection lost before the body from one lost after it, and just that decides
whether a mail may be sent again. Here every outcome says it.
"""
