"""The table of background work of this package: importing it makes the kinds known."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from campaigns.services import (
    backtests,
    issuing_jobs,
    promo_code_imports,
    promo_code_jobs,
    segment_exports,
)
from campaigns.services.jobs import JobKind, register_kind

_POOL_WORK: tuple[tuple[str, Any, Callable[..., Mapping[str, Any] | None]], ...] = (
    (promo_code_jobs.GENERATE, _("Generate promotional codes"), promo_code_jobs.generate),
    (
        promo_code_jobs.GENERATE_FOR_MEMBERS,
        _("A promotional code for each customer of a grouping"),
        promo_code_jobs.generate_for_members,
    ),
    (promo_code_jobs.EXTEND, _("Change the validity of promotional codes"), promo_code_jobs.extend),
    (promo_code_imports.CHECK, _("Check a file of promotional codes"), promo_code_imports.check),
    (promo_code_imports.IMPORT, _("Import promotional codes"), promo_code_imports.add),
)

register_kind(
    JobKind(
        code=backtests.KIND,
        label=_("Back-test"),
        work=backtests.work,
        view_permission="campaigns.view_backtest",
        change_permission="campaigns.change_backtest",
        url_name="campaigns:backtest_detail",
        url_argument="backtest",
        url_label=_("Open the back-test"),
    )
)

register_kind(
    JobKind(
        code=segment_exports.KIND,
        label=_("Export of a segment"),
        work=segment_exports.work,
        # A file of personal data concerns who asked for it, and who may export.
        view_permission="customers.export_segment",
        change_permission="customers.export_segment",
        url_name="campaigns:segment_exports",
        url_argument="segment",
        url_label=_("Open the exports"),
    )
)

for code, label, work in _POOL_WORK:
    register_kind(
        JobKind(
            code=code,
            label=label,
            work=work,
            view_permission="campaigns.view_promocodepool",
            change_permission="campaigns.change_promocodepool",
            url_name="campaigns:promo_code_pool_detail",
            url_argument="pool",
            url_label=_("Open the pool of codes"),
        )
    )

for code, label, work in (
    (issuing_jobs.PREVIEW, _("Preview of an issuing run"), issuing_jobs.work_preview),
    (issuing_jobs.ISSUE, _("Issue of vouchers"), issuing_jobs.work_issue),
):
    register_kind(
        JobKind(
            code=code,
            label=label,
            work=work,
            view_permission="loyalty.view_issuingrun",
            change_permission="loyalty.change_issuingrun",
            url_name="campaigns:issuing_run_detail",
            url_argument="run",
            url_label=_("Open the issuing run"),
        )
    )
