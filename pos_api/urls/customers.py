"""Customers, their consents, look-up at the till."""

from django.urls import URLPattern, path

from pos_api.views.appointments import AppointmentCancelView, AppointmentListView, AppointmentView
from pos_api.views.consent_texts import ConsentProofView, ConsentTextListView
from pos_api.views.consents import ConsentListView, StandingConsentsView
from pos_api.views.customer_lookup import CustomerLookupView
from pos_api.views.customer_merges import (
    CustomerMergeListView,
    CustomerMergePreviewView,
    CustomerMergeUndoPreviewView,
    CustomerMergeUndoView,
    CustomerMergeView,
)
from pos_api.views.customers import CustomerListView, CustomerView
from pos_api.views.segment_exports import SegmentExportFileView, SegmentExportListView
from pos_api.views.segments import (
    SegmentCountView,
    SegmentCustomersView,
    SegmentFieldsView,
    SegmentGroupingView,
    SegmentListView,
    SegmentRecountView,
    SegmentView,
)
from pos_api.views.verifications import PinView, VerificationsView

urlpatterns: list[URLPattern] = [
    path("customers/", CustomerListView.as_view(), name="customers"),
    path("customers/<int:pk>/verifications/", VerificationsView.as_view(), name="verifications"),
    path("customers/<int:pk>/pin/", PinView.as_view(), name="customer_pin"),
    path("customers/lookup/", CustomerLookupView.as_view(), name="customer_lookup"),
    path("customers/<int:pk>/", CustomerView.as_view(), name="customer"),
    path("customers/<int:pk>/consents/", ConsentListView.as_view(), name="consents"),
    path("customers/<int:pk>/consents/standing/", StandingConsentsView.as_view(), name="standing_consents"),
    path("customers/<int:pk>/consents/proof/", ConsentProofView.as_view(), name="consent_proof"),
    path("consent-texts/", ConsentTextListView.as_view(), name="consent_texts"),
    path("customers/<int:pk>/merge/", CustomerMergeView.as_view(), name="customer_merge"),
    path(
        "customers/<int:pk>/merge/preview/", CustomerMergePreviewView.as_view(), name="customer_merge_preview"
    ),
    path("customer-merges/", CustomerMergeListView.as_view(), name="customer_merges"),
    path("customer-merges/<int:pk>/undo/", CustomerMergeUndoView.as_view(), name="customer_merge_undo"),
    path(
        "customer-merges/<int:pk>/undo/preview/",
        CustomerMergeUndoPreviewView.as_view(),
        name="customer_merge_undo_preview",
    ),
    path("segments/", SegmentListView.as_view(), name="segments"),
    path("segments/fields/", SegmentFieldsView.as_view(), name="segment_fields"),
    path("segments/count/", SegmentCountView.as_view(), name="segment_count"),
    path("segments/<str:code>/", SegmentView.as_view(), name="segment"),
    path("segments/<str:code>/count/", SegmentRecountView.as_view(), name="segment_recount"),
    path("segments/<str:code>/customers/", SegmentCustomersView.as_view(), name="segment_customers"),
    path("segments/<str:code>/grouping/", SegmentGroupingView.as_view(), name="segment_grouping"),
    path("segments/<str:code>/exports/", SegmentExportListView.as_view(), name="segment_exports"),
    path("segment-exports/<int:pk>/file/", SegmentExportFileView.as_view(), name="segment_export_file"),
    path("appointments/", AppointmentListView.as_view(), name="appointments"),
    path("appointments/<int:pk>/", AppointmentView.as_view(), name="appointment"),
    path("appointments/<int:pk>/cancel/", AppointmentCancelView.as_view(), name="appointment_cancel"),
]
