"""The sender's check: what receivers will think of mail from a domain (差出人ドメインの確認).

Only DNS look-ups and one question to our own public address; nobody else's URL is ever fetched. Each `check_….py` looks
at one thing and says ok, warning, problem or can't tell, what to do, and the record to copy. `checking` runs them all.
Pure: `spf`, `dmarc`, `dns_lookup`, `findings`.
"""
