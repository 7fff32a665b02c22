"""The ledger's rows stay on their pages: what waits, what is in hand and what is counted get tables of their own."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from tashika.core import sql
from tashika.delivery import states

FILL = """
INSERT INTO delivery_queue (row_id, dispatch_id, due_at)
    SELECT id, dispatch_id, due_at FROM delivery_ledger WHERE state = 'queued';
INSERT INTO delivery_claim (sender_id, dispatch_id, epoch, at, rows)
    SELECT l.sender, l.dispatch_id, max(l.epoch), now(), array_agg(l.id) FROM delivery_ledger l
    WHERE l.state = 'sending' GROUP BY 1, 2;
UPDATE delivery_ledger l SET claim = c.id FROM delivery_claim c WHERE l.id = ANY (c.rows);
INSERT INTO delivery_tally (dispatch_id, state, slot, rows, first_begun_at, last_begun_at)
    SELECT dispatch_id, state, 0, count(*), min(begun_at), max(begun_at) FROM delivery_ledger GROUP BY 1, 2;
SET CONSTRAINTS ALL IMMEDIATE;
"""
# Room on each page for the row's next versions; dead ones are cleared early, for the queue and the tally live from it.
STORAGE = """
ALTER TABLE delivery_ledger SET (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE delivery_queue SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE delivery_tally SET (fillfactor = 20, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0);
"""
GUARDS = states.guard("delivery_ledger", states.MOVES) + states.guard("delivery_dispatch", states.DISPATCH_MOVES)


class Migration(migrations.Migration):
    dependencies = [("delivery", "0003_sending_domains")]

    operations = [
        migrations.AddField("dispatch", "priority", models.PositiveSmallIntegerField(db_default=5, default=5)),
        migrations.CreateModel(
            name="Queued",
            fields=[
                ("row_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("due_at", models.DateTimeField()),
                (
                    "dispatch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="delivery.dispatch",
                    ),
                ),
            ],
            options={
                "db_table": "delivery_queue",
                "indexes": [models.Index(fields=["dispatch", "due_at", "row_id"], name="delivery_queue_due")],
            },
        ),
        migrations.CreateModel(
            name="Claim",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("epoch", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
                (
                    "rows",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), null=True, size=None
                    ),
                ),
                (
                    "dispatch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="delivery.dispatch",
                    ),
                ),
                (
                    "sender",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="delivery.sender",
                    ),
                ),
            ],
            options={
                "db_table": "delivery_claim",
                "indexes": [
                    models.Index(
                        fields=["dispatch", "sender"],
                        condition=models.Q(("rows__isnull", False)),
                        name="delivery_claim_open",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Tally",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "dispatch_id", "state", "slot", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("state", models.CharField(max_length=10)),
                ("slot", models.PositiveSmallIntegerField()),
                ("rows", models.BigIntegerField()),
                ("first_begun_at", models.DateTimeField(null=True)),
                ("last_begun_at", models.DateTimeField(null=True)),
                (
                    "dispatch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="delivery.dispatch",
                    ),
                ),
            ],
            options={"db_table": "delivery_tally"},
        ),
        migrations.AddField("ledgerrow", "claim", models.BigIntegerField(null=True)),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RemoveIndex("ledgerrow", "delivery_ledger_queued"),
        migrations.RemoveIndex("ledgerrow", "delivery_ledger_sending"),
        migrations.RemoveIndex("ledgerrow", "delivery_ledger_contact"),
        migrations.RemoveIndex("ledgerrow", "delivery_ledger_state_idx"),
        migrations.RemoveConstraint("ledgerrow", "delivery_once_per_contact"),
        migrations.RemoveConstraint("ledgerrow", "delivery_once_per_address"),
        migrations.RemoveField("ledgerrow", "epoch"),
        migrations.RemoveField("ledgerrow", "due_at"),
        migrations.RemoveField("ledgerrow", "sender"),
        migrations.AlterField(
            "ledgerrow",
            "dispatch",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="delivery.dispatch",
            ),
        ),
        migrations.AddField(
            "ledgerrow",
            "exception",
            models.GeneratedField(
                db_persist=True,
                expression=models.Case(
                    models.When(state__in=("refused", "in_doubt", "excluded"), then=models.F("state")),
                    default=models.Value(None),
                ),
                output_field=models.CharField(max_length=10, null=True),
            ),
        ),
        migrations.AddIndex("ledgerrow", models.Index(fields=["dispatch", "id"], name="delivery_ledger_dispatch")),
        migrations.AddIndex(
            "ledgerrow",
            models.Index(
                fields=["dispatch", "exception", "id"],
                condition=models.Q(("exception__isnull", False)),
                name="delivery_ledger_exception",
            ),
        ),
        migrations.AddConstraint(
            "ledgerrow",
            models.UniqueConstraint(fields=("contact_id", "dispatch"), name="delivery_once_per_contact"),
        ),
        migrations.AddConstraint(
            "ledgerrow",
            models.UniqueConstraint(
                condition=models.Q(
                    ("exception", None), models.Q(("exception", "excluded"), _negated=True), _connector="OR"
                ),
                fields=("dispatch", "address_key"),
                name="delivery_once_per_address",
            ),
        ),
        migrations.RunSQL("DROP TRIGGER delivery_ledger_moves ON delivery_ledger;" + GUARDS, migrations.RunSQL.noop),
        migrations.RunSQL(sql.load("delivery", "tally"), migrations.RunSQL.noop),
        migrations.RunSQL(STORAGE, migrations.RunSQL.noop),
    ]
