import django.db.models.deletion
from django.db import migrations, models

# Foreign keys are checked row by row: of contacts by the million that was more work than writing them. What a foreign
# key does when the other row goes is done here for all rows of a statement at once; whoever adds a row takes the other
# from its table in the same statement.
FORWARD = """
CREATE FUNCTION people_contacts_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM people_tagging g USING gone WHERE g.contact_id = gone.id;
    RETURN NULL;
END $$;
CREATE FUNCTION people_tags_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM people_tagging g USING gone WHERE g.tag_id = gone.id;
    RETURN NULL;
END $$;
CREATE FUNCTION people_companies_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE people_contact c SET company_id = NULL FROM gone WHERE c.company_id = gone.id;
    RETURN NULL;
END $$;
CREATE TRIGGER people_contacts_gone AFTER DELETE ON people_contact REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION people_contacts_gone();
CREATE TRIGGER people_tags_gone AFTER DELETE ON people_tag REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION people_tags_gone();
CREATE TRIGGER people_companies_gone AFTER DELETE ON people_company REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION people_companies_gone();
"""
BACKWARD = """
DROP TRIGGER people_contacts_gone ON people_contact;
DROP TRIGGER people_tags_gone ON people_tag;
DROP TRIGGER people_companies_gone ON people_company;
DROP FUNCTION people_contacts_gone();
DROP FUNCTION people_tags_gone();
DROP FUNCTION people_companies_gone();
"""


class Migration(migrations.Migration):
    dependencies = [("people", "0003_sources_stay")]

    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.AlterField(
            model_name="contact",
            name="company",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="contacts",
                to="people.company",
            ),
        ),
        migrations.AlterField(
            model_name="tagging",
            name="contact",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="taggings",
                to="people.contact",
            ),
        ),
        migrations.AlterField(
            model_name="tagging",
            name="tag",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="people.tag",
            ),
        ),
        migrations.AlterField(model_name="company", name="key", field=models.CharField(max_length=300)),
        migrations.AddConstraint(
            model_name="company", constraint=models.UniqueConstraint(fields=["key"], name="people_company_once")
        ),
    ]
