"""A model check of the delivery protocol over the real SQL.

Real: the SQL, its triggers and PostgreSQL; `Sender`, `Lane`, `Ledger`, `Journal`, `Permit` and the SMTP connection as a
state machine; planning, stopping, releasing, reconciling. Simulated: the far side of SMTP (`smtp_world`), which keeps its
own record, and every clock (`database`), so that a permit runs out without waiting for it.

    smtp_world   the servers, and what they took
    database     the clock of the database, lines that hold answers back or lose them, snapshots
    sender       one sender, step by step
    restoring    a backup, its restore, and the person who arms
    world        all actors, and what each may do next
    invariants   what has to be true after each step, and at the end
    exploring    random walks by seed, replay, the shortest counterexample
    guards       what holds the protocol together (guards_of_arming: while senders are locked)
    taking_out   how to take it out
"""
