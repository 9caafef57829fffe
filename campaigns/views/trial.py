"""“Try it”: evaluate a basket against the working copy of a campaign, and see why it activates or not."""

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from campaigns import references, selectors
from campaigns.engine.fields import DocumentError, Problem
from campaigns.engine.simulation import simulate
from campaigns.explanations import explain
from campaigns.forms.declared import DeclaredForm, Json
from campaigns.forms.trial import trial_form
from campaigns.loader import plan_for
from campaigns.models import Campaign
from campaigns.views.detail import find_campaign, head
from retail.models import Company
from retail.views.access import PageMixin


class CampaignTrial(PageMixin, View):
    permission_required = "campaigns.view_campaign"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        campaign = find_campaign(code)
        lines = [{"sku": sku, "quantity": "1"} for sku in references.fitting_products(campaign.document)]
        return self.draw(campaign, trial_form(document={"lines": lines or [{}]}), None)

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        campaign = find_campaign(code)
        form = trial_form(request.POST)
        action = request.POST.get("_action", "")
        rows: Any = form.children["lines"]
        if action.startswith("add:"):
            rows.add()
            return self.draw(campaign, form, None)
        if action.startswith("remove:"):
            number = action.rpartition("-")[2]
            rows.remove(int(number) if number.isdecimal() else -1)
            return self.draw(campaign, form, None)
        asked = form.document()
        result = None
        if not form.wrong:
            try:
                result = self.result(campaign, asked)
            except DocumentError as error:
                _show(form, error.problems)
        return self.draw(campaign, form, result)

    def result(self, campaign: Campaign, asked: Json) -> Json:
        """Return the evaluation as the page shows it. Raises DocumentError."""
        live = plan_for(selectors.current_plan_version()) if asked.get("together") else None
        company = Company.objects.get()
        document = _simulation(campaign, asked) | {"policy": company.policy or None}
        zone = ZoneInfo(company.time_zone)
        body = simulate(document, now=timezone.now(), zone=zone, live=live, explain=explain)
        mine = campaign.code
        refusal = next((entry for entry in body["not_activated"] if entry["campaign"] == mine), None)
        return {
            "activated": any(entry["campaign"] == mine for entry in body["activations"]),
            "discount": _amount(
                next((e["discount"] for e in body["activations"] if e["campaign"] == mine), "0.00")
            ),
            "reasons": [reason["text"] for reason in refusal.get("reasons", [refusal])] if refusal else [],
            "lines": [
                {**line, **{name: _amount(line[name]) for name in ("unit_price", "gross", "discount", "net")}}
                for line in body["lines"]
            ],
            "totals": {name: _amount(value) for name, value in body["totals"].items()},
            "others": [
                {**entry, "discount": _amount(entry["discount"])}
                for entry in body["activations"]
                if entry["campaign"] != mine
            ],
            "gifts": [offer for offer in body["gifts"] if offer["campaign"] == mine],
            "earned": body["earned"],
        }

    def draw(self, campaign: Campaign, form: DeclaredForm, result: Json | None) -> HttpResponse:
        context = {**head(campaign, "campaign_trial"), "form": form, "result": result}
        return render(self.request, "campaigns/campaign_trial.html", context)


def _amount(text: str) -> Decimal:
    return Decimal(text)


def _simulation(campaign: Campaign, asked: Json) -> Json:
    """Write what was asked as a simulation document, with what the catalogue knows of the products."""
    known = references.catalogue_lines([line.get("sku", "") for line in asked.get("lines", [])])
    lines = []
    for line in asked.get("lines", []):
        facts = known.get(line.get("sku", ""), {})
        price = line.get("unit_price") or facts.get("unit_price")
        lines.append(
            {**facts, "sku": line.get("sku", ""), "quantity": line.get("quantity", "1"), "unit_price": price}
        )
    codes = asked.get("promo_codes", [])
    store = references.store_facts(asked.get("store", ""))
    document = {
        "campaigns": [campaign.document],
        "promo_codes": references.promo_code_facts(codes, at=timezone.now()),
        "live": bool(asked.get("together")),
        "basket": {
            "lines": lines,
            "promo_codes": codes,
            "payments": [{"method": method} for method in asked.get("methods", [])],
            "accepted": [campaign.code],
            "operation": asked.get("operation", "sale"),
        },
        "shopper": asked.get("customer"),
    }
    if store:
        document["store"] = store
    if asked.get("at"):
        document["at"] = asked["at"]
    return document


def _show(form: DeclaredForm, problems: tuple[Problem, ...]) -> None:
    """Put what the engine says of the simulation on the inputs that it came from."""
    places = {path: (holder, name) for path, holder, name in form.inputs()}
    for problem in problems:
        path = (
            problem.path.removeprefix("basket.").replace("payments", "methods").replace("shopper", "customer")
        )
        while path and path not in places:
            path = path.rpartition(".")[0]
        holder, name = places.get(path, (form, "at"))
        holder.add_error(name, _(problem.message) % problem.params)
