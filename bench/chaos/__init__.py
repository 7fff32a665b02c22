"""Chaos: a real installation, a fault in every round, and everything checked against the SMTP server's own record.

__main__       the rounds, and what is printed
rounds         one round: a small broadcast during which a fault happens
faults/        what can go wrong; a new one is a class there and a line in `faults/__init__.py`
checking       G1 to G5 and G13 against the server's record
house          the installation: hosts, processes, disk, clocks
network        the wire to the far sender
smtp_server    the server that misbehaves and keeps the truth
operators      people at the API
"""
