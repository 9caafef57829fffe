"""A mailing of a demonstration that has left, been read and led to purchases, so that its results have something to show."""

import re
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.contrib.auth.models import User

from campaigns.models import Job
from campaigns.services.jobs import run_job
from customers.models import Segment, Sex
from customers.services.segments import count_segment, create_segment
from messaging.local.switch import EMAIL_BACKEND, is_imitated
from messaging.local.twilio import advance_deliveries
from messaging.models import Channel, HtmlFormat, LocalDelivery, Mailing, Message
from messaging.robots import Visit
from messaging.services.delivery import deliver_due
from messaging.services.mailing_clock import advance_mailings
from messaging.services.mailing_course import FREEZE, confirm_mailing
from messaging.services.mailings import Draft, TextDraft, create_mailing
from messaging.services.marketing import MarketingDecisions, save_marketing_settings
from messaging.services.opt_outs import unsubscribe
from messaging.services.tracking import follow, note_opening
from messaging.tokens import OPEN, seal

# Long enough ago for sales that followed, recent enough for the results of today's pages.
_DAYS_AGO = 9
_AGREED = {"field": "consent_email", "operator": "eq", "value": "marketing"}
_RECENT = {"field": "last_purchase_days", "operator": "lte", "value": 15}
_SEGMENTS = (
    (
        "Mulheres que aceitam novidades por e-mail",
        [{"field": "sex", "operator": "eq", "value": Sex.FEMALE.value}, _AGREED],
    ),
    ("Compraram nos últimos 15 dias e aceitam e-mail", [_RECENT, _AGREED]),
)
_SUBJECT = "{{ customer.first_name }}, a coleção de verão chegou"
_HTML = """<mj-section>
  <mj-column>
    <mj-text font-size="26px" font-weight="700" line-height="1.2">A coleção de verão chegou</mj-text>
    <mj-text>Oi, {{ customer.first_name | default: "tudo bem" }}! Linho, algodão e cores novas já estão nas lojas e no site.</mj-text>
    <mj-button href="https://loja.example.com/verao">Ver a coleção</mj-button>
    <mj-text font-size="13px" color="#6b7280"><a href="https://loja.example.com/lojas">Encontre a loja mais perto de você</a></mj-text>
  </mj-column>
</mj-section>
"""
_LINK = re.compile(r"/l/([^/\"]+)/")
_READER = Visit(
    method="GET", user_agent="Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15"
)
# Of those who were written to, every so many opens, clicks, and wants no more.
_OPENS, _CLICKS, _STOPS = 2, 5, 20


def send_demo_mailing(*, by: User, at: datetime) -> int:
    """Send a mailing of some days ago to the demonstration's inbox, and be its readers; return to how many it went.

    Does nothing where there are messages already, or where an e-mail would really leave. Call it outside a transaction, after
    customers and sales exist.
    """
    if Message.objects.exists() or not is_imitated() or settings.EMAIL_BACKEND != EMAIL_BACKEND:
        return 0
    began_at = at - timedelta(days=_DAYS_AGO)
    # An installation tracks nobody before somebody decides so.
    decisions = MarketingDecisions(
        track_links=True, track_opens=True, attribution_days=7, double_opt_in=False
    )
    save_marketing_settings(decisions=decisions, user=by, at=began_at)
    segment = _save_segments(by=by, at=at)
    mailing = _send(segment, by=by, at=began_at)
    _read(mailing, began_at=began_at)
    return mailing.member_count


def _save_segments(*, by: User, at: datetime) -> Segment:
    """Save the segments, counted, and return the one that the mailing goes to."""
    saved = []
    for name, conditions in _SEGMENTS:
        segment = Segment.objects.filter(name=name).first()
        segment = segment or create_segment(name=name, tree={"all": conditions}, user=by, at=at)
        count_segment(segment=segment, at=at)
        saved.append(segment)
    return saved[0]


def _send(segment: Segment, *, by: User, at: datetime) -> Mailing:
    text = TextDraft(subject=_SUBJECT, html=_HTML, html_format=HtmlFormat.MJML.value)
    draft = Draft(
        name="Coleção de verão",
        texts={Channel.EMAIL.value: text},
        language="pt-br",
        segment=segment,
        holdout_percent=Decimal(20),
    )
    written_at = at - timedelta(hours=2)
    mailing = create_mailing(draft=draft, by=by, at=written_at)
    confirm_mailing(mailing=mailing, by=by, at=at)
    job = Job.objects.get(kind=FREEZE, arguments__mailing=mailing.pk)
    run_job(job_id=job.pk, clock=lambda: at)
    deliver_due(clock=lambda: at)
    # The imitation stamps what it takes by its own clock.
    LocalDelivery.objects.filter(channel=Channel.EMAIL).update(accepted_at=at)
    for minutes in (1, 2):
        advance_deliveries(at=at + timedelta(minutes=minutes))
    advance_mailings(at=at + timedelta(minutes=3))
    mailing.refresh_from_db()
    return mailing


def _read(mailing: Mailing, *, began_at: datetime) -> None:
    """Open, click and unsubscribe as the readers would, in the hours after it came."""
    emails = dict(LocalDelivery.objects.values_list("provider_id", "html"))
    messages = Message.objects.filter(mailing=mailing).exclude(provider_id="")
    for number, message in enumerate(messages.order_by("pk"), start=1):
        read_at = began_at + timedelta(minutes=7 * number)
        if number % _OPENS == 0:
            note_opening(token=seal(OPEN, message.pk), visit=_READER, at=read_at)
        if number % _CLICKS == 0:
            (token, *_others) = _LINK.findall(emails[message.provider_id])
            follow(token=token, visit=_READER, query="", at=read_at + timedelta(minutes=1))
        if number % _STOPS == 0:
            unsubscribe(message=message, at=read_at)
