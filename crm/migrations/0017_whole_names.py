"""Give people who came with a first and a last name alone the name that they make."""

from django.db import migrations

FILL = """
UPDATE {table} SET name = left(concat_ws(' ', nullif(btrim(first_name), ''), nullif(btrim(last_name), '')), 255)
 WHERE name = '' AND (first_name <> '' OR last_name <> '')
"""


class Migration(migrations.Migration):
    dependencies = [("crm", "0016_owner_name_parts")]

    operations = [
        migrations.RunSQL(FILL.format(table=table), migrations.RunSQL.noop) for table in ("crm_lead", "crm_contact")
    ]
