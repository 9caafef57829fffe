"""Pages of customers and their groupings."""

from django.urls import path

from customers.views import (
    appointment,
    birthday,
    consent,
    customer,
    customer_consents,
    grouping,
    pin,
    segment,
)

app_name = "customers"

urlpatterns = [
    path("customers/", customer.CustomerList.as_view(), name="customer_list"),
    path("customers/new/", customer.CustomerCreate.as_view(), name="customer_create"),
    path("customers/birthdays/", birthday.BirthdayList.as_view(), name="birthday_list"),
    path("customers/birthdays/segment/", birthday.BirthdaySegment.as_view(), name="birthday_segment"),
    path("customers/<int:pk>/", customer.CustomerDetail.as_view(), name="customer_detail"),
    path("customers/<int:pk>/edit/", customer.CustomerEdit.as_view(), name="customer_edit"),
    path("customers/<int:pk>/pin/", pin.PinEdit.as_view(), name="customer_pin"),
    path("customers/<int:pk>/purchases/", customer.CustomerPurchases.as_view(), name="customer_purchases"),
    path(
        "customers/<int:pk>/consents/", customer_consents.CustomerConsents.as_view(), name="customer_consents"
    ),
    *(
        path(
            f"customers/<int:pk>/consents/proof.{kind}",
            consent.CustomerConsentProof.as_view(),
            {"kind": kind},
            name=f"customer_consent_proof_{kind}",
        )
        for kind in ("csv", "json")
    ),
    path("consent-texts/", consent.ConsentTextList.as_view(), name="consent_text_list"),
    path("consent-texts/new/", consent.ConsentTextCreate.as_view(), name="consent_text_create"),
    path(
        "customers/<int:pk>/appointments/",
        appointment.CustomerAppointments.as_view(),
        name="customer_appointments",
    ),
    path(
        "customers/<int:pk>/appointments/new/",
        appointment.AppointmentCreate.as_view(),
        name="appointment_create",
    ),
    path("segments/", segment.SegmentList.as_view(), name="segment_list"),
    path("segments/new/", segment.SegmentCreate.as_view(), name="segment_create"),
    path("segments/count/", segment.SegmentCount.as_view(), name="segment_count"),
    path("segments/<slug:code>/", segment.SegmentDetail.as_view(), name="segment_detail"),
    path("segments/<slug:code>/edit/", segment.SegmentEdit.as_view(), name="segment_edit"),
    path(
        "segments/<slug:code>/count/",
        segment.SegmentActions.as_view(),
        {"action": "count"},
        name="segment_recount",
    ),
    path(
        "segments/<slug:code>/grouping/",
        segment.SegmentActions.as_view(),
        {"action": "grouping"},
        name="segment_grouping",
    ),
    path(
        "segments/<slug:code>/delete/",
        segment.SegmentActions.as_view(),
        {"action": "delete"},
        name="segment_delete",
    ),
    path("appointments/", appointment.AppointmentDay.as_view(), name="appointment_day"),
    path("appointments/<int:pk>/", appointment.AppointmentEdit.as_view(), name="appointment_edit"),
    path("appointments/<int:pk>/close/", appointment.AppointmentClose.as_view(), name="appointment_close"),
    path("groupings/customers/", grouping.CustomerGroupingList.as_view(), name="customer_grouping_list"),
    path(
        "groupings/customers/new/", grouping.CustomerGroupingCreate.as_view(), name="customer_grouping_create"
    ),
    path(
        "groupings/customers/<int:pk>/",
        grouping.CustomerGroupingDetail.as_view(),
        name="customer_grouping_detail",
    ),
    path(
        "groupings/customers/<int:pk>/edit/",
        grouping.CustomerGroupingEdit.as_view(),
        name="customer_grouping_edit",
    ),
    path(
        "groupings/customers/<int:pk>/members/",
        grouping.CustomerGroupingMembers.as_view(),
        name="customer_grouping_members",
    ),
]
