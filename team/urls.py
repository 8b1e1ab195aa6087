from django.urls import path
from django.views.generic import RedirectView

from team import views
from team.accounts import views as account_views
from team.calendars import views as calendar_views

urlpatterns = [
    path("setup/", views.set_up, name="setup"),
    path("demo/sign-in/", views.demo_sign_in, name="demo_sign_in"),
    path("people/", views.people_list, name="people"),
    path("people/new/", views.add_person, name="add_person"),
    path("people/<int:pk>/", views.edit_person, name="person"),
    path("people/<int:pk>/invite/", views.invite_person, name="invite"),
    path("people/<int:pk>/reset-two-factor/", account_views.reset_two_factor, name="reset_two_factor"),
    path("company/", views.company_settings, name="company"),
    path("company/territories/", views.territory_list, name="territories"),
    path("company/territories/new/", views.edit_territory, name="add_territory"),
    path("company/territories/<int:pk>/", views.edit_territory, name="territory"),
    path("company/territories/<int:pk>/remove/", views.remove_territory, name="remove_territory"),
    path("calendars/", calendar_views.calendar_list, name="calendars"),
    path("calendars/new/", calendar_views.edit_calendar, name="add_calendar"),
    path("calendars/<int:pk>/", calendar_views.calendar_detail, name="calendar"),
    path("calendars/<int:pk>/edit/", calendar_views.edit_calendar, name="edit_calendar"),
    path("calendars/<int:pk>/remove/", calendar_views.delete_calendar, name="remove_calendar"),
    path("me/", views.edit_profile, name="me"),
    path("me/email/", account_views.my_email, name="my_email"),
    path("me/email/confirm/<str:key>/", account_views.confirm_my_email, name="confirm_my_email"),
    path("me/requests/", account_views.account_requests, name="account_requests"),
    path("me/requests/<int:pk>/<slug:verb>/", account_views.answer_request, name="answer_account_request"),
    path("accounts/email/", RedirectView.as_view(pattern_name="my_email")),  # in place of allauth's page of addresses
    path("me/tokens/", views.my_tokens, name="my_tokens"),
    path("me/tokens/<int:pk>/revoke/", views.revoke_token, name="revoke_token"),
]
