import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("people", "0004_what_hangs_together")]
    operations = [
        migrations.AddField(
            model_name="company",
            name="leads_to",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="former_names",
                to="people.company",
            ),
        ),
        migrations.AddField(
            model_name="tag",
            name="leads_to",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="former_names", to="people.tag"
            ),
        ),
    ]
