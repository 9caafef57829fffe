"""The simulator: any campaigns on an invented purchase, shown like a receipt, with what would make the others activate."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from campaigns import references
from campaigns.engine.document import decode_campaign
from campaigns.engine.evaluation import Earned, Evaluation, Refusal
from campaigns.engine.fields import DocumentError, Problem
from campaigns.engine.kinds import BENEFITS
from campaigns.engine.verdict import Unit, Verdict
from campaigns.explanations import codes_named, explain, written
from campaigns.forms.declared import Complaint, Json
from campaigns.forms.simulator import PREFIX, SimulatorForm, packed, unpacked
from campaigns.models import Campaign
from campaigns.redemption_texts import explain_refused
from campaigns.services.simulator import Simulated, run_scenario
from campaigns.suggestions import suggest
from loyalty.views.filters import last_day
from retail import formats, money
from retail.models import Store
from retail.selectors.company import company_zone
from retail.views.access import PageMixin

# A basket may concern hundreds of live campaigns; the nearest ones are what anybody reads.
MOST_REFUSALS = 30
MEASURED = (Unit.MONEY, Unit.QUANTITY, Unit.COUNT, Unit.DATE, Unit.INSTANT)


class Simulator(PageMixin, View):
    """The scenario stands in the address (`?s=`), so that it can be sent to somebody; `?campaign=` begins a new one."""

    permission_required = "campaigns.view_campaign"

    def get(self, request: HttpRequest) -> HttpResponse:
        address, problems = request.GET.get("s"), []
        scenario = _beginning(request.GET.get("campaign", "")) if address is None else unpacked(address)
        if scenario is None:
            scenario = {"live": True}
            text = _("This address holds no purchase. Here is a new one.")
            problems.append(Complaint("", "", text))
        with timezone.override(_clock_of(scenario.get("store", ""))):
            return self.draw(SimulatorForm(scenario=scenario), problems=problems)

    def post(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(_clock_of(request.POST.get(f"{PREFIX}-store", ""))):
            return self._answer(request)

    def _answer(self, request: HttpRequest) -> HttpResponse:
        form = SimulatorForm(request.POST)
        action = request.POST.get("_action", "")
        if action.startswith(("add:", "remove:")):
            form.act(action)
            return self.draw(form)
        part = bool(request.headers.get("HX-Request"))
        address = None if form.wrong else packed(form.scenario())
        if address is not None and not part:
            return HttpResponseRedirect(_address(address))
        response = self.draw(form)
        if address is not None:
            response["HX-Replace-Url"] = _address(address)
        return response

    def draw(self, form: SimulatorForm, problems: Sequence[Complaint] = ()) -> HttpResponse:
        scenario, at = form.scenario(), timezone.now()
        if scenario.get("customer") and not self.request.user.has_perm("customers.view_customer"):
            del scenario["customer"]
        result = None
        found: tuple[Problem, ...] = ()
        if scenario["lines"]:
            try:
                user = self.request.user
                simulated = run_scenario(
                    scenario,
                    at=at,
                    shows_codes=user.has_perm("campaigns.view_promocodepool"),
                    shows_customers=user.has_perm("customers.view_customer"),
                )
                # What could not be read would be missing from the answer.
                result = None if form.wrong else Receipt(simulated, scenario).data()
            except DocumentError as error:
                found = error.problems
        chosen = scenario.get("campaigns", [])
        context = {
            "form": form,
            "result": result,
            "problems": [*problems, *form.complaints_about(found)],
            "share": packed(scenario),
            "clock": timezone.get_current_timezone_name(),
            "nothing_chosen": not chosen and not scenario.get("live"),
            "campaign": Campaign.objects.filter(code=chosen[0]).first() if len(chosen) == 1 else None,
            "may_search_customers": self.request.user.has_perm("customers.view_customer"),
        }
        return render(self.request, "campaigns/simulator.html", context)


def _clock_of(store: str) -> ZoneInfo:
    """Return the zone in which the page reads and writes every moment: the store's, or the company's without one."""
    found = Store.objects.filter(code=store).first() if store and "\0" not in store else None
    return company_zone() if found is None else found.zone


def _address(packed_scenario: str) -> str:
    return f"{reverse('campaigns:simulator')}?s={packed_scenario}"


def _beginning(code: str) -> Json:
    """Return the first purchase to look at: what a campaign asks for, or nothing yet."""
    campaign = Campaign.objects.filter(code=code).first() if code else None
    if campaign is None:
        return {"live": True}
    skus = references.fitting_products(decode_campaign(campaign.document).conditions)
    return {"campaigns": [campaign.code], "lines": [{"sku": sku, "quantity": "1"} for sku in skus]}


class Receipt:
    """An evaluation as the page shows it: finished values, names instead of codes, an address for each change."""

    def __init__(self, simulated: Simulated, scenario: Json) -> None:
        self.simulated, self.scenario = simulated, scenario
        evaluation = simulated.evaluation
        self.evaluation: Evaluation = evaluation
        compiled = simulated.plan.campaigns
        self.campaign_names = {code: found.campaign.name for code, found in compiled.items()}
        self.refusals = evaluation.not_activated[:MOST_REFUSALS]
        verdicts = [verdict for refusal in self.refusals for verdict in refusal.verdicts]
        named = references.names_of(pair for verdict in verdicts for pair in codes_named(verdict))
        entered = simulated.simulation.basket.promo_codes
        self.rates = {code.code: code.percent for code in entered if code.percent is not None}
        self.names = {**self.campaign_names, **named}

    def data(self) -> Json:
        evaluation = self.evaluation
        own = {campaign.code for campaign in self.simulated.simulation.drafts.campaigns}
        return {
            "lines": [self._line(line) for line in evaluation.lines],
            "totals": {name: _amount(getattr(evaluation.totals, name)) for name in TOTALS},
            "delivery": {
                name: _amount(getattr(evaluation.delivery, name)) for name in ("fee", "discount", "net")
            },
            "activations": [
                {
                    "campaign": a.campaign,
                    "name": self._giver(a.campaign),
                    "is_campaign": a.campaign in self.campaign_names,
                    "description": a.description,
                    "discount": _amount(a.discount),
                    "own": a.campaign in own,
                }
                for a in evaluation.activations
            ],
            "earned": [*self._used(), *self._earned(evaluation.earned)],
            "codes": [
                (code.code, self._code_text(code.code, code.status), code.status)
                for code in evaluation.promo_codes
            ],
            "gifts": [self._gift(offer) for offer in evaluation.gifts],
            "optional": self._optional(),
            "refusals": [self._refusal(refusal, refusal.campaign in own) for refusal in self.refusals],
            "more_refusals": len(evaluation.not_activated) - len(self.refusals),
            "customer": self.simulated.customer,
            "moment": formats.moment(self.simulated.simulation.moment),
        }

    def _giver(self, code: str) -> str:
        """Name what gave something: a campaign, or a VIP card with its rate."""
        if code in self.rates:
            return _("VIP card, %(rate)s off") % {"rate": written("percent", self.rates[code])}
        return self.campaign_names.get(code, code)

    def _code_text(self, code: str, status: str) -> str:
        if code not in self.rates:
            return str(CODE_STATUSES[status])
        return f"{self._giver(code)}: {CARD_STATUSES[status]}"

    def _line(self, line: Any) -> Json:
        adjustments = [
            {
                "name": self._giver(a.campaign),
                "benefit": _(BENEFITS[a.benefit].label),
                "amount": _amount(a.amount),
            }
            for a in line.adjustments
        ]
        name = self.simulated.names.get(line.sku) or line.sku or _("Line %(number)s") % {"number": line.line}
        amounts = ("unit_price", "gross", "markdown", "exchange_share", "discount", "net")
        return {
            "name": name,
            "sku": line.sku,
            "quantity": formats.number(line.quantity),
            "adjustments": adjustments,
            **{amount: _amount(getattr(line, amount)) for amount in amounts},
        }

    def _used(self) -> Any:
        """Yield what is left of the balances that were used, or why they were not."""
        redemption = self.evaluation.redemption
        if redemption is None:
            return
        for used in redemption.redeemed:
            if used.units is None:
                left = written(Unit.MONEY, used.balance_after)
                yield "money", _("%(left)s of the cashback is left") % {"left": left}
                continue
            text = _("%(points)s points of %(program)s pay %(amount)s; %(left)s are left")
            yield (
                "star",
                text
                % {
                    "points": formats.number(_amount(used.units)),
                    "program": used.program,
                    "amount": written(Unit.MONEY, used.amount),
                    "left": formats.number(_amount(used.balance_after)),
                },
            )
        for refused in redemption.refused:
            reason = explain_refused(refused)
            if refused.program:
                text = _("Points of %(program)s: %(reason)s")
                yield "alert", text % {"program": refused.program, "reason": reason}
            else:
                yield "alert", _("Cashback: %(reason)s") % {"reason": reason}

    def _earned(self, earned: Earned) -> Any:
        for points in earned.points:
            yield (
                "star",
                _("%(points)s points (%(program)s)")
                % {
                    "points": formats.number(points.points),
                    "program": points.program,
                },
            )
        for cashback in earned.cashback:
            last = last_day(cashback.expires_at, self.simulated.simulation.store.timezone)
            text = _("%(amount)s of cashback until %(until)s") if last else _("%(amount)s of cashback")
            yield "money", text % {"amount": written(Unit.MONEY, cashback.amount), "until": formats.day(last)}
        for plan in self.evaluation.stamps:
            yield "star", _("A stamp (%(plan)s)") % {"plan": plan}
        for voucher in earned.vouchers:
            text = _("A voucher of %(amount)s")
            yield "gift", text % {"amount": written(Unit.MONEY, voucher.amount)}
        for code in earned.codes:
            yield "code", _("A code for a later purchase (%(pool)s)") % {"pool": code.pool}

    def _gift(self, offer: Any) -> Json:
        chosen = {option.sku: option.quantity for option in offer.chosen}
        return {
            "campaign": offer.campaign,
            "name": self.campaign_names.get(offer.campaign, offer.campaign),
            "choose": offer.choose,
            "options": [
                {
                    "sku": option.sku,
                    "name": option.name or option.sku,
                    "quantity": f"{option.quantity.normalize():f}",
                    "chosen": f"{chosen.get(option.sku, Decimal()).normalize():f}",
                    "is_chosen": option.sku in chosen,
                }
                for option in offer.options
            ],
        }

    def _optional(self) -> list[Json]:
        """What the operator may accept, and what was accepted: both can be changed."""
        offers = {offer.campaign: _amount(offer.discount) for offer in self.evaluation.optional}
        accepted = [code for code in self.scenario.get("accepted", []) if code in self.campaign_names]
        return [
            {
                "campaign": code,
                "name": self.campaign_names[code],
                "discount": offers.get(code),
                "accepted": code in accepted,
            }
            for code in dict.fromkeys([*accepted, *offers])
        ]

    def _refusal(self, refusal: Refusal, own: bool) -> Json:
        compiled = self.simulated.plan.campaigns.get(refusal.campaign)
        campaign = None if compiled is None else compiled.campaign
        return {
            "campaign": refusal.campaign,
            "name": self._giver(refusal.campaign),
            "is_campaign": compiled is not None,
            "own": own,
            "reasons": [self._reason(verdict, campaign) for verdict in refusal.verdicts],
        }

    def _reason(self, verdict: Verdict, campaign: Any) -> Json:
        shown: Json = {
            "text": explain(verdict, self.names),
            "seen": "",
            "needed": "",
            "missing": "",
            "change": None,
        }
        if verdict.unit in MEASURED and not isinstance(verdict.required, tuple):
            for label, value in (
                ("seen", verdict.actual),
                ("needed", verdict.required),
                ("missing", verdict.missing),
            ):
                shown[label] = written(verdict.unit, value) if value is not None else ""
        if campaign is None:
            return shown
        suggestion = suggest(verdict, campaign, self.scenario, self.simulated.shelf)
        if suggestion is not None:
            address = packed(suggestion.scenario) if suggestion.scenario is not None else None
            if address or suggestion.scenario is None:
                shown["change"] = {"text": suggestion.text, "url": _address(address) if address else ""}
        return shown


TOTALS = ("gross", "markdown", "exchange", "discount", "redeemed", "net", "exchange_left")
CODE_STATUSES = {
    "applied": gettext_lazy("applied"),
    "not_activated": gettext_lazy("its campaign does not activate"),
    "not_usable": gettext_lazy("cannot be used"),
}
# A card that cannot be used is told from no other code.
CARD_STATUSES = {
    "applied": CODE_STATUSES["applied"],
    "not_activated": gettext_lazy("takes nothing off"),
}


def _amount(cents: int) -> Decimal:
    return money.to_decimal(cents)
