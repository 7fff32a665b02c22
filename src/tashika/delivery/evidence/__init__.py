"""Evidence for rows in doubt (G2) that lies on our own side: what the Postfix that took our mails has in its log and in its
queue. What comes back from outside (reports, opens, clicks, providers' events) is in `bounces` and `recipients`.

Others call `looking`. Pure: `postfix_log`, `log_files`.
"""
