from django.urls import path, re_path

from funnel import views
from funnel.buyers import views as buyer_views
from funnel.inbox import views as inbox_views
from funnel.routing import views as routing_views
from funnel.slas import views as sla_views
from funnel.stages import views as stage_views
from funnel.verdicts import views as verdict_views

urlpatterns = [
    path("funnel/", views.funnel, name="funnel"),
    path("funnel/leads/", views.leads, name="funnel_leads"),
    path("funnel/stages/", stage_views.stages, name="stages"),
    path("funnel/stages/criteria/", stage_views.criteria, name="stage_criteria"),
    path("funnel/stages/new/", stage_views.propose, name="new_stage"),
    path("funnel/stages/<slug:key>/", stage_views.propose, name="propose_stage"),
    path("funnel/routing/", routing_views.routing, name="routing"),
    path("funnel/routing/new/", routing_views.rule, name="new_routing_rule"),
    path("funnel/routing/<int:pk>/", routing_views.rule, name="routing_rule"),
    path("funnel/routing/<slug:verb>/", routing_views.change, name="change_routing"),
    re_path(r"^(?P<kind>lead|account)s/(?P<pk>[0-9]{1,18})/$", buyer_views.buyer, name="buyer"),
    re_path(r"^(?P<kind>lead|account)s/(?P<pk>[0-9]{1,18})/opportunity/$", buyer_views.opportunity, name="spot"),
    re_path(r"^(?P<kind>lead|account)s/(?P<pk>[0-9]{1,18})/move/$", buyer_views.move, name="move_buyer"),
    path("leads/<int:pk>/content/", buyer_views.use, name="content_use"),
    path("verdicts/", verdict_views.verdicts, name="verdicts"),
    path("verdicts/leads/", verdict_views.leads, name="verdict_leads"),
    path("verdicts/answer/", verdict_views.answer, name="answer_verdicts"),
    path("verdicts/<int:pk>/contest/", verdict_views.contest, name="contest_verdict"),
    path("verdicts/contests/<int:pk>/rule/", verdict_views.rule, name="rule_verdict"),
    path("slas/", sla_views.slas, name="slas"),
    path("slas/<slug:part>/", sla_views.delivered, name="sla_delivered"),
    path("inbox/", inbox_views.inbox, name="inbox"),
    path("inbox/<int:pk>/accept/", inbox_views.accept, name="inbox_accept"),
    path("inbox/<int:pk>/rate/", inbox_views.rate, name="inbox_rate"),
    path("inbox/<int:pk>/resume/", inbox_views.resume, name="inbox_resume"),
    path("inbox/<int:pk>/why/", inbox_views.why, name="inbox_why"),
    path("inbox/<int:pk>/<slug:verb>/", inbox_views.form, name="inbox_form"),
    path("inbox/verdicts/<int:pk>/undo/", inbox_views.undo, name="inbox_undo"),
]
