"""The pages of numbers."""

from django.urls import path

from kpis import benchmark_views, metric_views, runs_views, target_views, views
from kpis.cash import views as cash_views
from kpis.content import views as content_views
from kpis.cost_drivers import views as cost_driver_views
from kpis.help_to_close import views as help_views
from kpis.ideal_customers import views as ideal_customer_views
from kpis.leads_needed import views as need_views
from kpis.pipeline import views as pipeline_views
from kpis.plans import views as plan_views
from kpis.quotas import case_views
from kpis.quotas import views as quota_views
from kpis.revenue import views as revenue_views

urlpatterns = [
    path("dashboard/", views.dashboard, name="dashboard"),
    path("pipeline/", pipeline_views.pipeline_page, name="pipeline"),
    path("pipeline/deals/", pipeline_views.pipeline_deals, name="pipeline_deals"),
    path("pipeline/deals/<int:pk>/", pipeline_views.deal_page, name="pipeline_deal"),
    path("content/", content_views.content_page, name="content"),
    path("content/find/", content_views.finder_page, name="content_finder"),
    path("help-to-close/", help_views.help_page, name="help_to_close"),
    path("leads-needed/", need_views.leads_needed_page, name="leads_needed"),
    path("revenue/", revenue_views.revenue_page, name="revenue"),
    path("cash/", cash_views.cash_page, name="cash"),
    path("cash/list/", cash_views.cash_list, name="cash_list"),
    path("cost-drivers/", cost_driver_views.cost_drivers_page, name="cost_drivers"),
    path("ideal-customers/", ideal_customer_views.ideal_customers_page, name="ideal_customers"),
    path("metrics/", metric_views.glossary, name="metrics"),
    path("metrics/<slug:key>/", metric_views.metric, name="metric"),
    path("metrics/<slug:key>/records/", metric_views.records, name="metric_records"),
    path("metrics/<slug:key>/goal/", target_views.goal, name="metric_goal"),
    path("metrics/<slug:key>/goal/<int:pk>/", target_views.goal, name="metric_goal_edit"),
    path("metrics/<slug:key>/benchmark/", target_views.benchmark, name="metric_benchmark"),
    path("metrics/<slug:key>/benchmark/<int:pk>/", target_views.benchmark, name="metric_benchmark_edit"),
    path("quotas/", quota_views.quotas_page, name="quotas"),
    path("quotas/<int:owner>/", case_views.case_page, name="quota_case"),
    path("pay-plans/", plan_views.replay_page, name="pay_plans"),
    path("runs/", runs_views.runs, name="runs"),
    path("runs/<int:pk>/", runs_views.run, name="run"),
    path("benchmarks/", benchmark_views.benchmarks_page, name="benchmarks"),
    path("goals/", target_views.goals, name="goals"),
]
