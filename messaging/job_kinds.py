"""The table of background work of this package: importing it makes the kinds known."""

from django.utils.translation import gettext_lazy as _

from campaigns.services.jobs import JobKind, register_kind
from messaging.services.mailing_course import FREEZE
from messaging.services.mailing_freezing import freeze
from messaging.services.value_runs import RUN, remind

register_kind(
    JobKind(
        code=FREEZE,
        label=_("Gather the people of a mailing"),
        work=freeze,
        view_permission="messaging.view_mailing",
        change_permission="messaging.send_mailing",
        url_name="messaging:mailing_detail",
        url_argument="mailing",
        url_label=_("Open the mailing"),
    )
)
register_kind(
    JobKind(
        code=RUN,
        label=_("Remind customers of what ends"),
        work=remind,
        view_permission="messaging.view_automation",
        change_permission="messaging.change_automation",
        url_name="messaging:automation_detail",
        url_argument="occasion",
        url_label=_("Open the automation"),
    )
)
