"""The table of background work of this package: importing it makes the kinds known."""

from django.utils.translation import gettext_lazy as _

from campaigns.services import backtests, promo_code_jobs
from campaigns.services.jobs import JobKind, register_kind

register_kind(
    JobKind(
        code="generate_promo_codes",
        label=_("Generate promotional codes"),
        work=promo_code_jobs.generate,
        view_permission="campaigns.view_promocodepool",
        change_permission="campaigns.change_promocodepool",
        url_name="campaigns:promo_code_pool_detail",
        url_argument="pool",
    )
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
    )
)
