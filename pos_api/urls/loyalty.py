"""Points programs, stamp plans, and what customers hold."""

from django.urls import URLPattern, path

from pos_api.views.accounts import AccountListView, EntryListView
from pos_api.views.adjustments import AdjustmentView, WriteOffView
from pos_api.views.programs import ProgramListView, ProgramView, StampPlanListView, StampPlanView
from pos_api.views.surveys import SurveyAnswerView

urlpatterns: list[URLPattern] = [
    path("programs/", ProgramListView.as_view(), name="programs"),
    path("programs/<str:code>/", ProgramView.as_view(), name="program"),
    path("stamp-plans/", StampPlanListView.as_view(), name="stamp_plans"),
    path("stamp-plans/<str:code>/", StampPlanView.as_view(), name="stamp_plan"),
    path("customers/<int:pk>/accounts/", AccountListView.as_view(), name="accounts"),
    path("customers/<int:pk>/entries/", EntryListView.as_view(), name="entries"),
    path("customers/<int:pk>/adjustments/", AdjustmentView.as_view(), name="adjustments"),
    path("customers/<int:pk>/debts/<int:debt>/write-off/", WriteOffView.as_view(), name="write_off"),
    path("surveys/<str:survey>/answers/", SurveyAnswerView.as_view(), name="survey_answers"),
]
