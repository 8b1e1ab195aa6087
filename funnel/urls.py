from django.urls import path, re_path

from funnel import views
from funnel.buyers import views as buyer_views
from funnel.inbox import views as inbox_views
from funnel.routing import views as routing_views
from funnel.slas import views as sla_views
from funnel.stages import views as stage_views
from funnel.verdicts import views as verdict_views

urlpatterns = [
    path("funnel/", views.funnel_page, name="funnel"),
    path("funnel/leads/", views.leads_page, name="funnel_leads"),
    path("funnel/stages/", stage_views.stages_page, name="stages"),
    path("funnel/stages/criteria/", stage_views.criteria_rows, name="stage_criteria"),
    path("funnel/stages/new/", stage_views.propose_stage, name="new_stage"),
    path("funnel/stages/<slug:key>/", stage_views.propose_stage, name="propose_stage"),
    path("funnel/routing/", routing_views.routing_page, name="routing"),
    path("funnel/routing/new/", routing_views.edit_rule, name="new_routing_rule"),
    path("funnel/routing/<int:pk>/", routing_views.edit_rule, name="routing_rule"),
    path("funnel/routing/<slug:verb>/", routing_views.change_routing, name="change_routing"),
    re_path(r"^(?P<kind>lead|account)s/(?P<pk>[0-9]{1,18})/$", buyer_views.buyer_page, name="buyer"),
    re_path(r"^(?P<kind>lead|account)s/(?P<pk>[0-9]{1,18})/opportunity/$", buyer_views.spot_opportunity, name="spot"),
    re_path(r"^(?P<kind>lead|account)s/(?P<pk>[0-9]{1,18})/move/$", buyer_views.move_buyer, name="move_buyer"),
    path("leads/<int:pk>/content/", buyer_views.note_content_use, name="content_use"),
    path("verdicts/", verdict_views.verdicts_page, name="verdicts"),
    path("verdicts/leads/", verdict_views.verdict_leads, name="verdict_leads"),
    path("verdicts/answer/", verdict_views.answer_verdicts, name="answer_verdicts"),
    path("verdicts/<int:pk>/contest/", verdict_views.contest_verdict, name="contest_verdict"),
    path("verdicts/contests/<int:pk>/rule/", verdict_views.rule_on_contest, name="rule_verdict"),
    path("slas/", sla_views.slas_page, name="slas"),
    path("slas/<slug:part>/", sla_views.delivered_records, name="sla_delivered"),
    path("inbox/", inbox_views.inbox_page, name="inbox"),
    path("inbox/<int:pk>/accept/", inbox_views.accept_lead, name="inbox_accept"),
    path("inbox/<int:pk>/rate/", inbox_views.rate_lead, name="inbox_rate"),
    path("inbox/<int:pk>/resume/", inbox_views.resume_clock, name="inbox_resume"),
    path("inbox/<int:pk>/why/", inbox_views.score_reasons, name="inbox_why"),
    path("inbox/<int:pk>/<slug:verb>/", inbox_views.small_form, name="inbox_form"),
    path("inbox/verdicts/<int:pk>/undo/", inbox_views.undo_verdict, name="inbox_undo"),
]
