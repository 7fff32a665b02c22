from django.contrib.postgres.indexes import BrinIndex
from django.db import migrations, models

# Segments ask who did something lately. What people did is a fourth of the log: an index of that alone is small, and a mail that
# is sent writes no row of it. By time the whole log is found through the order in which it is written, which costs a few pages.
DONE = (
    "opened",
    "clicked",
    "opted_out",
    "bounced",
    "complained",
    "form_sent",
    "page_visited",
    "document_downloaded",
)


class Migration(migrations.Migration):
    dependencies = [("activity", "0001_initial")]
    operations = [
        migrations.AddIndex(
            "Event",
            models.Index(
                fields=["kind", "at"],
                include=["contact_id"],
                condition=models.Q(kind__in=DONE),
                name="activity_done",
            ),
        ),
        migrations.AddIndex(
            "Event", BrinIndex(fields=["at"], name="activity_at", pages_per_range=64, autosummarize=True)
        ),
    ]
