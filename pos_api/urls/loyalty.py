"""Points programs, stamp plans, VIP cards, and what customers hold."""

from django.urls import URLPattern, path

from pos_api.views.accounts import AccountListView, EntryListView
from pos_api.views.adjustment_requests import AdjustmentRequestListView, ApproveView, RefuseView
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
from pos_api.views.stored_value_records import (
    AdjustView,
    AssignView,
    BlockView,
    ReplaceView,
    StoredValueRecordListView,
    StoredValueRecordView,
    UnblockView,
    VoidView,
)
from pos_api.views.stored_value_types import StoredValueTypeListView, StoredValueTypeView
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
    path("stored-value-types/", StoredValueTypeListView.as_view(), name="stored_value_types"),
    path("stored-value-types/<str:code>/", StoredValueTypeView.as_view(), name="stored_value_type"),
    path("adjustment-requests/", AdjustmentRequestListView.as_view(), name="adjustment_requests"),
    path("adjustment-requests/<int:pk>/approve/", ApproveView.as_view(), name="adjustment_approve"),
    path("adjustment-requests/<int:pk>/refuse/", RefuseView.as_view(), name="adjustment_refuse"),
    path("stored-value-records/", StoredValueRecordListView.as_view(), name="stored_value_records"),
    path("stored-value-records/<int:pk>/", StoredValueRecordView.as_view(), name="stored_value_record"),
    path("stored-value-records/<int:pk>/block/", BlockView.as_view(), name="stored_value_block"),
    path("stored-value-records/<int:pk>/unblock/", UnblockView.as_view(), name="stored_value_unblock"),
    path("stored-value-records/<int:pk>/void/", VoidView.as_view(), name="stored_value_void"),
    path("stored-value-records/<int:pk>/replace/", ReplaceView.as_view(), name="stored_value_replace"),
    path("stored-value-records/<int:pk>/assign/", AssignView.as_view(), name="stored_value_assign"),
    path("stored-value-records/<int:pk>/adjust/", AdjustView.as_view(), name="stored_value_adjust"),
    path("vip-cards/", VipCardListView.as_view(), name="vip_cards"),
    path("vip-cards/check/", VipCardCheckView.as_view(), name="vip_card_check"),
    path("vip-cards/<int:pk>/", VipCardView.as_view(), name="vip_card"),
    path("customers/<int:pk>/accounts/", AccountListView.as_view(), name="accounts"),
    path("customers/<int:pk>/entries/", EntryListView.as_view(), name="entries"),
    path("customers/<int:pk>/adjustments/", AdjustmentView.as_view(), name="adjustments"),
    path("customers/<int:pk>/debts/<int:debt>/write-off/", WriteOffView.as_view(), name="write_off"),
    path("surveys/<str:survey>/answers/", SurveyAnswerView.as_view(), name="survey_answers"),
]
