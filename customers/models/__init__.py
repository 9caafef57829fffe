from customers.models.appointment import Appointment, AppointmentStatus
from customers.models.consent import Consent, ConsentChannel, ConsentText, Purpose
from customers.models.customer import Customer, CustomerGrouping, Sex
from customers.models.metrics import CategoryTotal, CustomerMetrics, window_start
from customers.models.pin import CustomerPin
from customers.models.segment import (
    ExportFormat,
    Segment,
    SegmentExport,
    SegmentExportDownload,
    SegmentExportPart,
    SegmentRevision,
)

__all__ = [
    "Appointment",
    "AppointmentStatus",
    "CategoryTotal",
    "Consent",
    "ConsentChannel",
    "ConsentText",
    "Customer",
    "CustomerGrouping",
    "CustomerMetrics",
    "CustomerPin",
    "ExportFormat",
    "Purpose",
    "Segment",
    "SegmentExport",
    "SegmentExportDownload",
    "SegmentExportPart",
    "SegmentRevision",
    "Sex",
    "window_start",
]
