"""Points programs, stamp plans, VIP cards, and what customers hold."""

from django.urls import URLPattern, path

from pos_api.views.accounts import AccountListView, EntryListView
from pos_api.views.adjustments import AdjustmentView, WriteOffView
from pos_api.views.issuing import (
    IssuingGrantsView,
    IssuingRulesView,
    IssuingRuleView,
    IssuingRunCancelView,
    IssuingRunConfirmView,
    IssuingRunPreviewView,
    IssuingRunsView,
    IssuingRunView,
)
from pos_api.views.programs import ProgramListView, ProgramView, StampPlanListView, StampPlanView
from pos_api.views.surveys import SurveyAnswerView
from pos_api.views.vip_cards import VipCardCheckView, VipCardListView, VipCardView

urlpatterns: list[URLPattern] = [
    path("programs/", ProgramListView.as_view(), name="programs"),
    path("programs/<str:code>/", ProgramView.as_view(), name="program"),
    path("stamp-plans/", StampPlanListView.as_view(), name="stamp_plans"),
    path("stamp-plans/<str:code>/", StampPlanView.as_view(), name="stamp_plan"),
    path("issuing-rules/", IssuingRulesView.as_view(), name="issuing_rules"),
    path("issuing-rules/<str:code>/", IssuingRuleView.as_view(), name="issuing_rule"),
    path("issuing-runs/", IssuingRunsView.as_view(), name="issuing_runs"),
    path("issuing-runs/<int:pk>/", IssuingRunView.as_view(), name="issuing_run"),
    path("issuing-runs/<int:pk>/preview/", IssuingRunPreviewView.as_view(), name="preview_issuing_run"),
    path("issuing-runs/<int:pk>/confirm/", IssuingRunConfirmView.as_view(), name="confirm_issuing_run"),
    path("issuing-runs/<int:pk>/cancel/", IssuingRunCancelView.as_view(), name="cancel_issuing_run"),
    path("issuing-runs/<int:pk>/grants/", IssuingGrantsView.as_view(), name="issuing_grants"),
    path("vip-cards/", VipCardListView.as_view(), name="vip_cards"),
    path("vip-cards/check/", VipCardCheckView.as_view(), name="vip_card_check"),
    path("vip-cards/<int:pk>/", VipCardView.as_view(), name="vip_card"),
    path("customers/<int:pk>/accounts/", AccountListView.as_view(), name="accounts"),
    path("customers/<int:pk>/entries/", EntryListView.as_view(), name="entries"),
    path("customers/<int:pk>/adjustments/", AdjustmentView.as_view(), name="adjustments"),
    path("customers/<int:pk>/debts/<int:debt>/write-off/", WriteOffView.as_view(), name="write_off"),
    path("surveys/<str:survey>/answers/", SurveyAnswerView.as_view(), name="survey_answers"),
]
