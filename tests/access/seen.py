"""Who sees what, page by page and address by address of the API: the table that the walk in `test_seen.py` reads.

Each name of the resolver is in it exactly once. `{whose}` is put in place for each owner of buyers there is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from alignment.review.steps import STEPS
from crm.registry import kinds_by_plural

OWNERS = ("rep", "peer", "other", "support", "marketer")  # whose buyers there are
READABLE: Mapping[str, set[str]] = {  # whose buyers a role reads while the company is restricted
    "rep": {"rep", "peer"},
    "support": {"support"},
    "marketer": {"marketer"},
    **{leader: set(OWNERS) for leader in ("ceo", "cfo", "cmo", "cro", "ops")},
}

WORKED: Mapping[str, set[str]] = {
    **READABLE,
    "rep": {"rep"},
}  # whose hand-offs and verdicts: work lists are not shared with the team

EVERYBODY = ""  # no right is needed
NOBODY = "post only"  # it answers no GET


@dataclass(frozen=True)
class Seen:
    """A right that opening needs (`team.access`), the addresses to open, and which kind of record each is of.

    An address of a kind with {whose} opens for those who may read that record, and is not there for others.
    """

    right: str = EVERYBODY
    addresses: tuple[str, ...] = ()
    is_record: bool = False
    is_work: bool = False  # a hand-off or what was said of it, or an alarm
    is_action: bool = False  # refused to readers who may not act, which tests/revops/rights walks


def everybody(*addresses: str) -> Seen:
    return Seen(EVERYBODY, addresses)


def work(*addresses: str) -> Seen:
    return Seen(EVERYBODY, addresses, is_record=True, is_work=True)


def needs(right: str, *addresses: str) -> Seen:
    return Seen(right, addresses)


def record(*addresses: str, right: str = EVERYBODY) -> Seen:
    return Seen(right, addresses, is_record=True)


POST_ONLY = Seen(NOBODY)
PAGES: Mapping[str, Seen] = {
    "home": everybody("/home/"),
    "setup": everybody("/setup/"),
    "demo_sign_in": POST_ONLY,
    "front_door": everybody("/"),
    "detector_result": everybody("/detector/no-such-token/"),
    "begin_with_result": everybody("/detector/no-such-token/begin/"),
    "rounds": needs("see_rounds", "/rounds/"),
    "new_round": needs("open_rounds", "/rounds/new/"),
    "round": needs("see_rounds", "/rounds/{round}/"),
    "close_round": POST_ONLY,
    "remind_round": POST_ONLY,
    "round_links": POST_ONLY,
    "round_results": needs("read_rounds", "/rounds/{round}/results/", "/rounds/{round}/results/?format=csv"),
    "answer_round": everybody("/answer/no-such-token/"),
    "round_answered": everybody("/answer/no-such-token/done/"),
    "cost": everybody("/cost/", "/cost/?revenue=24.7M&spend=11.4M"),
    "me": everybody("/me/"),
    "my_tokens": everybody("/me/tokens/"),
    "revoke_token": POST_ONLY,
    "my_email": everybody("/me/email/"),
    "confirm_my_email": everybody("/me/email/confirm/no-such-key/"),
    "answer_account_request": POST_ONLY,
    "reset_two_factor": POST_ONLY,
    "people": needs("manage_company", "/people/"),
    "add_person": needs("manage_company", "/people/new/"),
    "person": needs("manage_company", "/people/{user}/"),
    "invite": POST_ONLY,
    "company": needs("manage_company", "/company/"),
    "territories": needs("manage_company", "/company/territories/"),
    "add_territory": needs("manage_company", "/company/territories/new/"),
    "territory": needs("manage_company", "/company/territories/{territory}/"),
    "remove_territory": POST_ONLY,
    "calendars": everybody("/calendars/"),
    "add_calendar": needs("manage_company", "/calendars/new/"),
    "calendar": everybody("/calendars/{calendar}/"),
    "edit_calendar": needs("manage_company", "/calendars/{calendar}/edit/"),
    "remove_calendar": POST_ONLY,
    "agreements": everybody("/agreements/", "/agreements/?q=Zq", "/agreements/?kind=score"),
    "open_agreement": everybody("/agreements/new/"),
    "signatories": needs("manage_company", "/agreements/signatories/"),
    "agreement": everybody("/agreements/{agreement}/"),
    "propose_version": everybody("/agreements/{agreement}/propose/"),
    "answer_version": POST_ONLY,
    "workspace": everybody("/alignment/"),
    "overview": needs("see_overview", "/overview/"),
    "alignment_index": needs("read_rounds", "/alignment/index/"),
    "plan": everybody("/plan/"),
    "draft_update": POST_ONLY,
    "plan_update": everybody("/plan/updates/1/"),
    "write_update": POST_ONLY,
    "present_update": POST_ONLY,
    "reviews": everybody("/reviews/"),
    "start_review": POST_ONLY,
    "review": everybody("/reviews/1/"),
    "review_step": replace(everybody(*(f"/reviews/2/steps/{step.key}/" for step in STEPS)), is_action=True),
    "answer_decision": POST_ONLY,
    "answer_leads": POST_ONLY,
    "record_decision": POST_ONLY,
    "delete_decision": POST_ONLY,
    "change_decision": POST_ONLY,
    "close_review": POST_ONLY,
    "lexicon": everybody("/lexicon/", "/lexicon/?q=Zq"),
    "wordings": everybody("/lexicon/messages/", "/lexicon/personas/?q=Zq"),
    "matrix": everybody("/accountability/", "/accountability/?format=csv"),
    "edit_matrix": replace(everybody("/accountability/edit/"), is_action=True),
    "notices": everybody("/notices/"),
    "bell": everybody("/notices/bell/"),
    "notice": everybody("/notices/1/"),
    "read_notices": POST_ONLY,
    "imports": needs("import", "/imports/"),
    "exchange_rates": needs("import", "/imports/rates/"),
    "stage_mapping": needs("import", "/imports/stages/"),
    "change_stage": POST_ONLY,
    "confirm_stage": POST_ONLY,
    "choose_source": POST_ONLY,
    "mapping_text": needs("import", "/imports/{run}/files/{file}/text/"),
    "undo_stage": POST_ONLY,
    "import_templates": needs("import", "/imports/templates/"),
    "import_template": needs("import", "/imports/templates/leads/"),
    "template_csv": needs("import", "/imports/templates/leads.csv"),
    "import_run": needs("import", "/imports/{run}/"),
    "import_duplicates": needs("import", "/imports/{run}/duplicates/"),
    "rejected": needs("import", "/imports/{run}/rejected/"),
    "rejected_csv": needs("import", "/imports/{run}/rejected/{file}.csv"),
    "cancel_import": POST_ONLY,
    "remembered": needs("import", "/imports/remembered/"),
    "forget_mapping": POST_ONLY,
    "forget_zone": POST_ONLY,
    "confirm_import": POST_ONLY,
    "choose_duplicates": POST_ONLY,
    "choose_zone": POST_ONLY,
    "choose_currency": POST_ONLY,
    "file_mapping": needs("import", "/imports/{run}/files/{file}/"),
    "answer_file": POST_ONLY,
    "leave_out_file": POST_ONLY,
    "include_file": POST_ONLY,
    "undo_import": needs("import", "/imports/{run}/undo/"),
    "connectors": needs("import", "/connectors/"),
    "add_connector": needs("import", "/connectors/new/hubspot/token/"),
    "connector": needs("import", "/connectors/1/"),
    "edit_connector": needs("import", "/connectors/1/edit/"),
    "remove_connector": POST_ONLY,
    "pull_now": POST_ONLY,
    "connector_on": POST_ONLY,
    "connector_off": POST_ONLY,
    "connector_stop": POST_ONLY,
    "connector_again": POST_ONLY,
    "scores": needs("see_scores", "/scores/"),
    "score_model": needs("see_scores", "/scores/leads/", "/scores/leads/?threshold=1"),
    "score_proof": needs("see_scores", "/scores/leads/proof/", "/scores/leads/proof/?by=custom.mobile"),
    "score_proof_leads": needs("see_scores", "/scores/leads/proof/leads/"),
    "learned_models": needs("see_scores", "/scores/learned/"),
    "new_score_model": needs("set_scores", "/scores/new/"),
    "propose_scores": POST_ONLY,
    "learn": POST_ONLY,
    "learned_to_draft": POST_ONLY,
    "score_proof_again": POST_ONLY,
    "score_criteria": POST_ONLY,
    "score_model_back": POST_ONLY,
    "campaigns": needs("see_campaigns", "/campaigns/?period=all", "/campaigns/?period=all&model=markov", "/campaigns/?period=all&format=csv"),
    "portfolio": needs("see_campaigns", "/campaigns/portfolio/?period=all", "/campaigns/portfolio/?period=all&format=csv"),
    "help_to_close": needs("see_campaigns", "/help-to-close/", "/help-to-close/?segment=none", "/help-to-close/?format=csv"),
    "leads_needed": needs("see_leads_needed", "/leads-needed/", "/leads-needed/?by=campaign&goal=1000000", "/leads-needed/?format=csv"),
    "funnel": everybody(
        "/funnel/?period=all", "/funnel/?period=all&width=value", "/funnel/?period=all&format=csv",
        "/funnel/?period=all&basis=event", "/funnel/?from=2025-05-05&to=2025-05-05",
        *(f"/funnel/?period=all&by={cut}" for cut in ("lead_source", "campaign", "territory", "product", "vertical", "owner")),
    ),
    "funnel_leads": everybody(
        "/funnel/leads/?period=all&stage=inquiry&part=entered", "/funnel/leads/?period=all&stage=inquiry&part=entered&format=csv",
    ),
    "stages": everybody("/funnel/stages/"),
    "stage_criteria": POST_ONLY,
    "new_stage": everybody("/funnel/stages/new/"),
    "propose_stage": everybody("/funnel/stages/mql/"),
    "routing": needs("route", "/funnel/routing/", "/funnel/routing/?words=Zq"),
    "new_routing_rule": needs("route", "/funnel/routing/new/"),
    "routing_rule": needs("route", "/funnel/routing/{rule}/"),
    "change_routing": POST_ONLY,
    "buyer": record("/leads/{lead}/", "/leads/{lead}/?kind=deal", "/accounts/{account}/"),
    "spot": record("/leads/{lead}/opportunity/", "/accounts/{account}/opportunity/", right="spot"),
    "move_buyer": replace(record("/leads/{lead}/move/", "/accounts/{account}/move/"), is_action=True),
    "content_use": POST_ONLY,
    "verdicts": everybody(*(f"/verdicts/?period=all&by={cut}" for cut in ("campaign", "source", "persona", "score", "criterion"))),
    "verdict_leads": everybody("/verdicts/leads/?period=all&by=score&part=No+score", "/verdicts/leads/?period=all&by=source&part="),
    "answer_verdicts": POST_ONLY,
    "contest_verdict": POST_ONLY,
    "rule_verdict": POST_ONLY,
    "slas": everybody("/slas/"),
    "sla_delivered": everybody("/slas/leads/?month=2025-05", "/slas/deals/?month=2025-05"),
    "inbox": needs("work_leads", "/inbox/", "/inbox/?whose=team"),
    "inbox_why": needs("work_leads", "/inbox/{handoff}/why/"),
    "inbox_form": replace(work("/inbox/{handoff}/call/", "/inbox/{handoff}/reject/"), is_action=True),
    "inbox_accept": POST_ONLY,
    "inbox_rate": POST_ONLY,
    "inbox_resume": POST_ONLY,
    "inbox_undo": POST_ONLY,
    "dashboard": everybody("/dashboard/?period=all&by=campaign&account=id:{account}", "/dashboard/?period=all&by=custom.mobile"),
    "pipeline": everybody(
        "/pipeline/?period=all", "/pipeline/?period=all&closes=all&by=owner", "/pipeline/?period=all&account=id:{account}",
        "/pipeline/?period=all&by=lost_reason&format=csv", "/pipeline/?period=all&by=custom.mobile",
    ),
    "pipeline_deals": everybody(
        *(f"/pipeline/deals/?period=all&closes=all&bar={bar}" for bar in ("created", "won", "end")),
        *(f"/pipeline/deals/?list={risk}" for risk in ("slipped", "idle", "rotting")),
        "/pipeline/deals/?period=all&closes=all&bar=created&format=csv", "/pipeline/deals/?list=idle&format=csv",
    ),
    "content": everybody("/content/?period=all", "/content/?format=csv", "/content/?format=coverage"),
    "content_finder": everybody("/content/find/", "/content/find/?q=deck&stage=Demo&format=csv"),
    "ideal_customers": everybody("/ideal-customers/?period=all", "/ideal-customers/?period=all&format=csv"),
    "cost_drivers": needs("see_cost_drivers", "/cost-drivers/?period=all", "/cost-drivers/?period=all&format=csv"),
    "pipeline_deal": record("/pipeline/deals/{opportunities}/"),
    "revenue": needs("see_revenue", "/revenue/?period=all", "/revenue/?period=all&format=csv"),
    "cash": everybody("/cash/", "/cash/?period=all&account=id:{account}", "/cash/?format=csv"),
    "cash_list": everybody(
        "/cash/list/?list=to_invoice", "/cash/list/?list=without_deal", "/cash/list/?list=unpaid&format=csv",
    ),
    "metrics": everybody("/metrics/"),
    "metric": everybody(  # each metric by each of its dimensions is walked by itself
        "/metrics/leads/?period=all&by=custom.mobile", "/metrics/leads/?period=all&by=custom.mobile&format=csv",
        "/metrics/leads/?period=all&account=id:{account}", "/metrics/won_revenue/?period=all&grain=day",
        "/metrics/won_revenue/?period=all&grain=day&format=csv", "/metrics/leads/?period=all&by=custom.nothing",
    ),
    "metric_records": everybody(
        "/metrics/leads/records/?period=all", "/metrics/leads/records/?period=all&format=csv",
        "/metrics/won_revenue/records/?period=all&account=id:{account}", "/metrics/activities/records/?period=all",
    ),
    "metric_why": everybody(
        "/metrics/leads/why/?period=last_year", "/metrics/leads/why/?period=last_year&account=id:{account}",
        "/metrics/won_revenue/why/?from=2025-01-01&to=2025-12-31&why=account",
        "/metrics/won_revenue/why/?from=2025-01-01&to=2025-12-31&why=lost_reason&format=csv",
        "/metrics/open_pipeline/why/?from=2025-01-01&to=2025-12-31", "/metrics/deal_size/why/?from=2025-01-01&to=2025-12-31",
    ),
    "metric_goal": needs("set_goal", "/metrics/smroi/goal/"),
    "metric_goal_edit": needs("set_goal", "/metrics/smroi/goal/1/"),
    "metric_benchmark": needs("set_benchmark", "/metrics/smroi/benchmark/"),
    "metric_benchmark_edit": needs("set_benchmark", "/metrics/smroi/benchmark/1/"),
    "forecast": needs("see_forecast", "/forecast/", "/forecast/?format=csv"),
    "forecast_commit": replace(needs("see_forecast", "/forecast/commit/"), is_action=True),
    "restated_figures": everybody("/restated/", "/restated/?metric=leads&month=2025-03-01", "/restated/?format=csv"),
    "add_day_note": everybody("/metrics/leads/notes/"),
    "day_note": everybody("/notes/1/"),
    "delete_day_note": POST_ONLY,
    "restore_day_note": POST_ONLY,
    "quotas": needs(
        "see_quotas", "/quotas/?period=all", "/quotas/?period=all&potential=computed", "/quotas/?period=all&category=churn&format=csv",
    ),
    "quota_case": replace(work("/quotas/{owners}/"), right="see_quotas"),
    "pay_plans": needs("replay_plans", "/pay-plans/", "/pay-plans/?format=csv"),
    "runs": needs("recompute", "/runs/"),
    "run": needs("recompute", "/runs/1/"),
    "benchmarks": everybody("/benchmarks/", "/benchmarks/?format=csv"),
    "goals": everybody("/goals/"),
    "alarms": everybody("/alarms/", "/alarms/?format=csv", "/alarms/?section=Money&verdict=real&closed=this_year"),
    "alarm": work("/alarms/{alarms}/"),
    "detectors": everybody("/alarms/detectors/", "/alarms/detectors/?words=Zq&state=off"),
    "detector": everybody("/alarms/detectors/rejections_rising/", "/alarms/detectors/rejections_rising/?trial=1"),
    "detector_new": needs("set_detectors", "/alarms/detectors/new/?metric=leads"),
    "detector_delete": POST_ONLY,
    "alarm_settings": POST_ONLY,
    **{
        f"alarm_{verb}": POST_ONLY
        for verb in ("acknowledge", "snooze", "new_normal", "close", "reopen", "note", "assign")
    },
}  # fmt: skip

# Kinds of records whose rows belong to a person; `{whose}` of them is in the world of the walk
OWNED = (
    *(name for name, kind in kinds_by_plural().items() if kind.model.OWNED_THROUGH and not kind.model.PERSONAL),
    "moves", "handoffs", "verdicts",
)  # fmt: skip
SHARED = ("territories", *(name for name in kinds_by_plural() if name not in OWNED))
API: Mapping[str, Seen] = {
    **{f"api-{kind}-list": everybody(f"/api/v1/{kind}/?limit=1000") for kind in (*OWNED, *SHARED)},
    **{f"api-{kind}-detail": record(f"/api/v1/{kind}/{{{kind}}}/") for kind in OWNED},
    **{f"api-{kind}-detail": work(f"/api/v1/{kind}/{{{kind}}}/") for kind in ("handoffs", "verdicts", "answers")},
    **{f"api-{kind}-detail": everybody(f"/api/v1/{kind}/1/") for kind in SHARED},
    "api-handoffs-criteria": work("/api/v1/handoffs/{handoffs}/criteria/"),
    **{f"api-handoffs-{verb}": POST_ONLY for verb in ("calls", "pause", "rate", "reroute", "resume")},
    **{f"api-verdicts-{verb}": POST_ONLY for verb in ("contest", "undo")},
    "api-answers-list": everybody("/api/v1/answers/"),
    "api-contests-list": everybody("/api/v1/contests/"),
    "api-contests-detail": everybody("/api/v1/contests/1/"),
    "api-contests-rule": POST_ONLY,
    "api-calendars-list": everybody("/api/v1/calendars/"),
    "api-calendars-detail": everybody("/api/v1/calendars/{calendar}/"),
    "api-imports-list": needs("import", "/api/v1/imports/"),
    "api-imports-detail": needs("import", "/api/v1/imports/1/"),
    "api-refused_rows-list": needs("import", "/api/v1/refused_rows/"),
    "api-refused_rows-detail": needs("import", "/api/v1/refused_rows/1/"),
    "api-routing_rules-list": needs("route", "/api/v1/routing_rules/"),
    "api-routing_rules-detail": needs("route", "/api/v1/routing_rules/{rule}/"),
    "api-routing_rules-ask": POST_ONLY,
    "api-routing_rules-move": POST_ONLY,
    "api-capacities-list": needs("route", "/api/v1/capacities/"),
    "api-capacities-detail": needs("route", "/api/v1/capacities/1/"),
    "api-absences-list": everybody("/api/v1/absences/"),
    "api-absences-detail": everybody("/api/v1/absences/1/"),
    "api-agreements-list": everybody("/api/v1/agreements/"),
    "api-agreements-detail": everybody("/api/v1/agreements/{agreement}/"),
    "api-agreements-story": everybody("/api/v1/agreements/{agreement}/story/"),
    "api-versions-list": everybody("/api/v1/versions/"),
    "api-versions-detail": everybody("/api/v1/versions/{version}/"),
    **{f"api-versions-{verb}": POST_ONLY for verb in ("decide", "dispute", "propose", "sign", "withdraw")},
    "api-rounds-list": needs("see_rounds", "/api/v1/rounds/"),
    "api-rounds-detail": needs("see_rounds", "/api/v1/rounds/{round}/"),
    "api-rounds-results": needs("read_rounds", "/api/v1/rounds/{round}/results/"),
    **{f"api-rounds-{verb}": POST_ONLY for verb in ("close", "links", "remind")},
    "api-pay-plan-replay-list": needs("replay_plans", "/api/v1/pay-plan-replay/"),
    "api-quota-fairness-detail": replace(work("/api/v1/quota-fairness/{owners}/"), right="see_quotas"),
    "api-quota-fairness-list": needs("see_quotas", "/api/v1/quota-fairness/?period=all&category=margin"),
    "api-pipeline-list": everybody(
        "/api/v1/pipeline/", "/api/v1/pipeline/?closes=all&by=custom.mobile", "/api/v1/pipeline/?where=account:id:{account}",
    ),
    "api-pipeline-deals": everybody("/api/v1/pipeline/deals/?closes=all&bar=created", "/api/v1/pipeline/deals/?list=idle"),
    "api-content-list": everybody("/api/v1/content/?period=all"),
    "api-cost-drivers-list": needs("see_cost_drivers", "/api/v1/cost-drivers/?period=all"),
    "api-ideal-customers-list": everybody("/api/v1/ideal-customers/?period=all"),
    "api-content-find": everybody("/api/v1/content/find/?persona=CFO"),
    "api-pipeline-detail": record("/api/v1/pipeline/{opportunities}/"),
    "api-revenue-mix-list": needs("see_revenue", "/api/v1/revenue-mix/"),
    "api-cash-list": everybody("/api/v1/cash/", "/api/v1/cash/?where=account:id:{account}"),
    "api-cash-customers": everybody("/api/v1/cash/customers/?limit=1000"),
    "api-cash-records": everybody("/api/v1/cash/records/?list=to_invoice", "/api/v1/cash/records/?list=without_deal"),
    "api-metrics-list": everybody("/api/v1/metrics/"),
    "api-metrics-detail": everybody("/api/v1/metrics/leads/?by=custom.mobile", "/api/v1/metrics/leads/?where=account:id:{account}"),
    "api-metrics-records": everybody(
        "/api/v1/metrics/leads/records/?limit=1000", "/api/v1/metrics/won_revenue/records/?where=account:id:{account}"
    ),
    "api-restated-figures-list": everybody("/api/v1/restated-figures/"),
    "api-restated-figures-detail": everybody("/api/v1/restated-figures/1/"),
    "api-day-notes-list": everybody("/api/v1/day-notes/"),
    "api-day-notes-detail": everybody("/api/v1/day-notes/1/"),
    "api-day-notes-restore": POST_ONLY,
    "api-alarms-list": everybody("/api/v1/alarms/", "/api/v1/alarms/?state=closed"),
    "api-alarms-detail": work("/api/v1/alarms/{alarms}/"),
    **{
        f"api-alarms-{verb}": POST_ONLY
        for verb in ("acknowledge", "snooze", "new-normal", "close", "reopen", "note", "assign")
    },
    "api-detectors-list": everybody("/api/v1/detectors/"),
    "api-detectors-detail": everybody("/api/v1/detectors/rejections_rising/"),
    "api-detectors-trial": POST_ONLY,
    "api-detectors-past": everybody("/api/v1/detectors/rejections_rising/past/"),
    "api-forecast-list": needs("see_forecast", "/api/v1/forecast/"),
    "api-forecast-commits-list": everybody("/api/v1/forecast-commits/"),
    "api-forecast-commits-detail": everybody("/api/v1/forecast-commits/1/"),
    "api-benchmarks-list": everybody("/api/v1/benchmarks/"),
    "api-benchmarks-detail": everybody("/api/v1/benchmarks/1/"),
    "api-goals-list": everybody("/api/v1/goals/"),
    "api-goals-detail": everybody("/api/v1/goals/1/"),
    "api-metrics-why-list": everybody(
        "/api/v1/metrics/leads/why/?period=last_year", "/api/v1/metrics/won_revenue/why/?period=last_year&by=account"
    ),
    "api-score-learned-list": needs("see_scores", "/api/v1/score-models/learned/"),
    "api-score-proof-list": needs("see_scores", "/api/v1/score-models/leads/proof/?by=custom.mobile"),
    "api-score-preview-list": needs("see_scores", "/api/v1/score-models/leads/preview/?threshold=1"),
    "api-score-models-list": needs("see_scores", "/api/v1/score-models/"),
    "api-score-models-detail": needs("see_scores", "/api/v1/score-models/leads/"),
    "api-alignment-dimensions-list": everybody("/api/v1/alignment-dimensions/"),
    "api-alignment-index-list": needs("read_rounds", "/api/v1/alignment-index/"),
    "api-campaign-credits-list": needs("see_campaigns", "/api/v1/campaign-credits/?period=all"),
    "api-help-to-close-list": needs("see_campaigns", "/api/v1/help-to-close/"),
    "api-leads-needed-list": needs("see_leads_needed", "/api/v1/leads-needed/"),
    "api-overview-list": needs("see_overview", "/api/v1/overview/"),
    "api-plan-list": everybody("/api/v1/plan/"),
    "api-plan-updates-list": everybody("/api/v1/plan-updates/"),
    "api-plan-updates-detail": everybody("/api/v1/plan-updates/1/"),
    **{f"api-plan-updates-{verb}": POST_ONLY for verb in ("present", "write")},
    "api-reviews-list": everybody("/api/v1/reviews/"),
    "api-reviews-detail": everybody("/api/v1/reviews/1/"),
    "api-reviews-close": POST_ONLY,
    "api-decisions-list": everybody("/api/v1/decisions/"),
    "api-decisions-detail": everybody("/api/v1/decisions/1/"),
    "api-cost-of-misalignment-list": everybody("/api/v1/cost-of-misalignment/?revenue=24.7M&spend=11.4M"),
    "api-lead-calculator-list": everybody(
        "/api/v1/lead-calculator/?revenue_goal=1M&revenue_per_deal=1k&cycle_days=9&qualification_rate=5"
        "&acceptance_rate=5&opportunity_rate=5&close_rate=5"
    ),
    "api-lexicon-list": everybody("/api/v1/lexicon/"),
    "api-accountability-matrix-list": everybody("/api/v1/accountability-matrix/"),
    "api-root": everybody("/api/v1/"),
    "api_schema": everybody("/api/schema/"),
    "api_docs": everybody("/api/docs/"),
}  # fmt: skip
UNNAMED = {"accounts/email/", "healthz", "readyz", "favicon.ico", r"^(?:[\s\S]*/)?\Z"}
OTHERS = (
    "account_",
    "mfa_",
    "socialaccount_",
    "usersessions_",
    "admin:",
)  # sign-in and the admin site know no buyers' pages

SEEN: Mapping[str, Seen] = {**PAGES, **API}
