"""Record each deal as it stands, as the first known state of deals that were there before changes were recorded."""

from django.db import migrations

RECORD = """
INSERT INTO crm_dealchange (opportunity_id, recorded_at, counts_at, import_id, pipeline, stage, outcome, amount, currency,
                            expected_close_on, closed_on)
SELECT n.id, now(), least(coalesce(
         CASE WHEN n.outcome <> 'open' THEN coalesce(n.closed_at, (n.closed_on + 1)::timestamp AT TIME ZONE
           coalesce((SELECT c.time_zone FROM team_company c ORDER BY c.id LIMIT 1), 'UTC') - interval '1 microsecond') END,
         n.modified_at, now()), now()),
       n.first_import_id, n.pipeline, n.stage, n.outcome, n.amount, n.currency, n.expected_close_on, n.closed_on
  FROM crm_opportunity n
"""


class Migration(migrations.Migration):
    dependencies = [("crm", "0003_deal_changes")]
    operations = [migrations.RunSQL(RECORD, migrations.RunSQL.noop)]
