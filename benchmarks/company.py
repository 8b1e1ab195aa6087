"""A large company: the demo's people, agreements and definitions, with up to a million leads more and what belongs to them."""

from django.db import connection

LEADS_PER_DEAL, LEADS_PER_ACCOUNT, TOUCHES_PER_LEAD = 5, 10, 5
SOURCE = "bench"
FILL = """
CREATE TEMPORARY TABLE numbers AS SELECT
    (SELECT array_agg(id ORDER BY id) FROM crm_campaign) AS campaigns, (SELECT array_agg(id ORDER BY id) FROM crm_owner) AS owners,
    (SELECT array_agg(id ORDER BY id) FROM crm_product) AS products, (SELECT array_agg(id ORDER BY id) FROM team_territory) AS territories,
    (SELECT array_agg(id ORDER BY id) FROM crm_vertical) AS verticals,
    (SELECT array_agg(id ORDER BY id) FROM crm_contentasset) AS assets;
INSERT INTO crm_account (source, external_id, name, country, owner_id, territory_id, vertical_id, employees, created_at)
SELECT 'bench', n, 'Account ' || n, (ARRAY['DE', 'US', 'FR', 'GB'])[1 + n % 4], owners[1 + n % array_length(owners, 1)],
       territories[1 + n % array_length(territories, 1)], verticals[1 + n % array_length(verticals, 1)], 10 + n % 5000,
       now() - interval '900 days'
FROM generate_series(1, {accounts}) n, numbers;
INSERT INTO crm_lead (source, external_id, name, email, company_name, title, persona, lead_source, status, lifecycle_stage, account_id,
    campaign_id, owner_id, territory_id, vertical_id, country, employees, first_contact_on, created_at)
SELECT 'bench', n, 'Lead ' || n, 'lead' || n || '@example.com', 'Account ' || 1 + n % {accounts},
       (ARRAY['CEO', 'Head of Sales', 'Engineer', 'Buyer'])[1 + n % 4], (ARRAY['Leader', 'User', 'Buyer'])[1 + n % 3],
       (ARRAY['Web', 'Event', 'Partner', 'Content', 'Outbound'])[1 + n % 5], 'Open', '', (SELECT min(id) FROM crm_account WHERE source = 'bench') + n % {accounts},
       campaigns[1 + n % array_length(campaigns, 1)], owners[1 + n % array_length(owners, 1)],
       territories[1 + n % array_length(territories, 1)], verticals[1 + n % array_length(verticals, 1)],
       (ARRAY['DE', 'US', 'FR', 'GB'])[1 + n % 4], 10 + n % 5000, current_date - 800 + n % 790,
       now() - interval '800 days' + (n % 790) * interval '1 day' + (n % 80000) * interval '1 second'
FROM generate_series(1, {leads}) n, numbers;
INSERT INTO crm_touch (source, external_id, lead_id, campaign_id, asset_id, channel, kind, has_responded, happened_at)
SELECT 'bench', n, l.id, campaigns[1 + n % array_length(campaigns, 1)],
       CASE WHEN n % 4 = 0 THEN assets[1 + n % array_length(assets, 1)] END,
       (ARRAY['E-mail', 'Event', 'Paid search', 'Web', 'Webinar', 'Partner'])[1 + n % 6],
       (ARRAY['E-mail', 'Webinar', 'Ad', 'Web visit'])[1 + n % 4], (n::bigint * 2654435761 >> 7) % 10 < 4,
       least(l.created_at + (((n::bigint * 40503) >> 3) % 8640000) * interval '1 second', now())
FROM generate_series(1, {touches}) n JOIN crm_lead l ON l.source = 'bench' AND l.id = (SELECT min(id) FROM crm_lead WHERE source = 'bench') + n % {leads}, numbers;
INSERT INTO crm_activity (source, external_id, lead_id, owner_id, kind, direction, subject, happened_at, seconds)
SELECT 'bench', n, l.id, l.owner_id, (ARRAY['Call', 'Email', 'Meeting', 'Demo'])[1 + n % 4], 'outgoing', 'Follow-up',
       least(l.created_at + (n % 30) * interval '1 hour', now()), 300 + n % 1800
FROM generate_series(1, {leads}) n JOIN crm_lead l ON l.source = 'bench' AND l.id = (SELECT min(id) FROM crm_lead WHERE source = 'bench') + n % {leads};
INSERT INTO crm_opportunity (source, external_id, name, lead_id, account_id, owner_id, product_id, campaign_id, territory_id, lead_source,
    outcome, stage, pipeline, amount, cost, currency, probability, is_new_business, first_contact_on, opened_on, expected_close_on, closed_on,
    created_at, modified_at)
SELECT 'bench', id, 'Deal ' || id, id, account_id, owner_id, products[1 + id % array_length(products, 1)], campaign_id, territory_id, lead_source,
       outcome, CASE outcome WHEN 'won' THEN 'Closed Won' WHEN 'open' THEN (ARRAY['Qualification', 'Proposal', 'Negotiation'])[1 + id % 3] ELSE 'Closed Lost' END,
       '', 1000 + id * 7 % 90000, 400 + id * 3 % 30000, (ARRAY['USD', 'USD', 'EUR'])[1 + id % 3], 0.3, id % 2 = 0, first_contact_on, opened_on,
       opened_on + 60 + (id % 90)::int, CASE WHEN outcome <> 'open' THEN opened_on + 20 + (id % 100)::int END,
       opened_on::timestamptz, opened_on::timestamptz
FROM (SELECT *, created_at::date + 5 AS opened_on,
             CASE WHEN id % 29 = 0 OR created_at > now() - interval '130 days' THEN 'open' ELSE (ARRAY['won', 'lost', 'no_decision', 'lost'])[1 + id / 5 % 4] END AS outcome
      FROM crm_lead WHERE source = 'bench' AND id % 5 = 0) l, numbers;
INSERT INTO crm_stagechange (source, external_id, opportunity_id, track, stage, ended_as, entered_at, amount, currency, expected_close_on)
SELECT 'bench', o.id || '-' || s.n, o.id, 'deal', s.stage, '', o.created_at + s.n * interval '6 days', o.amount * s.share, o.currency, o.expected_close_on
FROM crm_opportunity o, (VALUES (1, 'Qualification', 0.9), (2, 'Proposal', 1.0), (3, 'Negotiation', 1.1)) s (n, stage, share)
WHERE o.source = 'bench';
INSERT INTO crm_dealchange (opportunity_id, recorded_at, counts_at, pipeline, stage, outcome, amount, currency, expected_close_on, closed_on)
SELECT id, now(), coalesce(closed_on::timestamptz, modified_at), pipeline, stage, outcome, amount, currency, expected_close_on, closed_on
FROM crm_opportunity WHERE source = 'bench';
INSERT INTO crm_invoice (source, external_id, number, account_id, opportunity_id, product_id, issued_on, due_on, amount, cost, currency, is_new_business)
SELECT 'bench', id, 'B' || id, account_id, id, product_id, closed_on + 5, closed_on + 35, amount, cost, currency, is_new_business
FROM crm_opportunity WHERE source = 'bench' AND outcome = 'won';
DROP TABLE numbers;
ANALYZE;
"""
CHANGE = """
UPDATE crm_lead SET status = 'Working', modified_at = now() WHERE source = 'bench' AND id % 100 = 1;
INSERT INTO crm_touch (source, external_id, lead_id, campaign_id, channel, kind, has_responded, happened_at)
SELECT 'later', id, lead_id, campaign_id, channel, kind, true, now() - interval '1 hour' FROM crm_touch WHERE source = 'bench' AND id % 100 = 1;
UPDATE crm_opportunity SET amount = amount + 100, modified_at = now() WHERE source = 'bench' AND outcome = 'open' AND id % 20 = 0;
"""


def fill_company(leads: int) -> None:
    """Add the leads and five touches, one activity and a fifth of a deal for each to the company that is there."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # references are right by construction
        cursor.execute(
            FILL.format(leads=leads, accounts=max(1, leads // LEADS_PER_ACCOUNT), touches=leads * TOUCHES_PER_LEAD)
        )
        cursor.execute("SET session_replication_role = DEFAULT")


def change_one_percent() -> None:
    """Change a hundredth of the leads and deals, and add a hundredth of the touches, as a day's work does."""
    with connection.cursor() as cursor:
        cursor.execute(CHANGE)
