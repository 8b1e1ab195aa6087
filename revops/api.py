"""The addresses under /api/: version 1, its description, and the page that reads it."""

from typing import Any

from django.urls import include, path, re_path
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import DefaultRouter

from agreements.api import AGREEMENT_VIEWS
from alarms.api import AlarmView
from alarms.detector_api import DetectorViewSet
from alarms.marks.api import DayNoteView
from alarms.restated.api import RestatementView
from alarms.why.api import WhyViewSet
from alignment.cost.api import CostViewSet, LeadPlanViewSet
from alignment.index.api import IndexViewSet
from alignment.lexicon.api import LexiconViewSet
from alignment.matrix.api import MatrixViewSet
from alignment.overview.api import OverviewViewSet
from alignment.plan.api import PlanUpdateView, PlanViewSet
from alignment.review.api import DecisionView, ReviewView
from alignment.rounds.api import ROUND_VIEWS
from alignment.workspace.api import WorkspaceViewSet
from attribution.campaigns.api import CampaignsViewSet
from core.api.errors import no_such_address
from crm.api import record_views
from forecast.outcomes.api import CommitView, ForecastViewSet
from funnel.api import HANDED_VIEWS
from imports.api.jobs import IMPORT_VIEWS
from kpis.api import MetricViewSet
from kpis.benchmark_api import BenchmarkView
from kpis.cash.api import CashViewSet
from kpis.content.api import ContentViewSet
from kpis.cost_drivers.api import CostDriversViewSet
from kpis.goal_api import GoalView
from kpis.help_to_close.api import HelpToCloseViewSet
from kpis.ideal_customers.api import IdealCustomersViewSet
from kpis.leads_needed.api import LeadsNeededViewSet
from kpis.pipeline.api import PipelineViewSet
from kpis.plans.api import PlanReplayViewSet
from kpis.quotas.api import QuotaFairnessViewSet
from kpis.revenue.api import RevenueMixViewSet
from scoring.api import PreviewViewSet, ScoreModelViewSet
from scoring.learned.api import LearnedViewSet
from scoring.proof.api import ProofViewSet


class BearerToken(OpenApiAuthenticationExtension):
    """Tells the description how our tokens travel."""

    target_class = "team.tokens.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "accord_…"}


router = DefaultRouter(use_regex_path=False)
router.include_format_suffixes = False
for kind, view in (record_views() | IMPORT_VIEWS | HANDED_VIEWS | AGREEMENT_VIEWS | ROUND_VIEWS).items():
    router.register(kind, view, basename=f"api-{kind}")
router.register("metrics/<slug:key>/why", WhyViewSet, basename="api-metrics-why")
router.register("metrics", MetricViewSet, basename="api-metrics")
router.register("help-to-close", HelpToCloseViewSet, basename="api-help-to-close")
router.register("leads-needed", LeadsNeededViewSet, basename="api-leads-needed")
router.register("pay-plan-replay", PlanReplayViewSet, basename="api-pay-plan-replay")
router.register("quota-fairness", QuotaFairnessViewSet, basename="api-quota-fairness")
router.register("revenue-mix", RevenueMixViewSet, basename="api-revenue-mix")
router.register("cash", CashViewSet, basename="api-cash")
router.register("pipeline", PipelineViewSet, basename="api-pipeline")
router.register("score-models/learned", LearnedViewSet, basename="api-score-learned")
router.register("score-models/<str:key>/proof", ProofViewSet, basename="api-score-proof")
router.register("score-models/<str:key>/preview", PreviewViewSet, basename="api-score-preview")
router.register("score-models", ScoreModelViewSet, basename="api-score-models")
router.register("alignment-dimensions", WorkspaceViewSet, basename="api-alignment-dimensions")
router.register("alignment-index", IndexViewSet, basename="api-alignment-index")
router.register("campaign-credits", CampaignsViewSet, basename="api-campaign-credits")
router.register("content", ContentViewSet, basename="api-content")
router.register("cost-drivers", CostDriversViewSet, basename="api-cost-drivers")
router.register("ideal-customers", IdealCustomersViewSet, basename="api-ideal-customers")
router.register("overview", OverviewViewSet, basename="api-overview")
router.register("restated-figures", RestatementView, basename="api-restated-figures")
router.register("day-notes", DayNoteView, basename="api-day-notes")
router.register("alarms", AlarmView, basename="api-alarms")
router.register("detectors", DetectorViewSet, basename="api-detectors")
router.register("forecast-commits", CommitView, basename="api-forecast-commits")
router.register("forecast", ForecastViewSet, basename="api-forecast")
router.register("benchmarks", BenchmarkView, basename="api-benchmarks")
router.register("goals", GoalView, basename="api-goals")
router.register("plan", PlanViewSet, basename="api-plan")
router.register("plan-updates", PlanUpdateView, basename="api-plan-updates")
router.register("reviews", ReviewView, basename="api-reviews")
router.register("decisions", DecisionView, basename="api-decisions")
router.register("cost-of-misalignment", CostViewSet, basename="api-cost-of-misalignment")
router.register("lead-calculator", LeadPlanViewSet, basename="api-lead-calculator")
router.register("lexicon", LexiconViewSet, basename="api-lexicon")
router.register("accountability-matrix", MatrixViewSet, basename="api-accountability-matrix")

urlpatterns = [
    path("v1/", include(router.urls)),
    path("schema/", SpectacularAPIView.as_view(), name="api_schema"),
    path(
        "docs/",
        SpectacularSwaggerSplitView.as_view(url_name="api_schema", template_name="api/docs.html"),
        name="api_docs",
    ),
    re_path(r"^(?:[\s\S]*/)?\Z", no_such_address),  # line breaks included
]
