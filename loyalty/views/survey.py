"""The survey of a purchase, as its customer sees it, and the answers, as a manager does."""

from decimal import Decimal
from typing import Any

import django_filters
from django.db.models import Avg, Count, DecimalField, Q, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from loyalty.forms.survey import SurveyForm
from loyalty.models import AnswerSource, SurveyAnswer
from loyalty.services.surveys import SurveyAnswered, SurveyClosed, answer_survey
from loyalty.surveys import sale_of
from loyalty.views.filters import DayFilter
from retail import formats
from retail.models import Company, Sale, Store
from retail.views.columns import Column
from retail.views.lists import ListPage
from retail.views.public import PublicPage

# The usual reading of such a score: who recommends, who does not mind, who warns others.
_SCORES = {"high": Q(score__gte=9), "middle": Q(score__in=(7, 8)), "low": Q(score__lte=6)}


class Survey(PublicPage):
    """GET asks, and changes nothing, because scanners open links; POST records the answer."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        sale = _find(token)
        answer = SurveyAnswer.objects.filter(sale=sale).first()
        return _page(request, sale, form=None if answer else SurveyForm(), answer=answer)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        sale = _find(token)
        form = SurveyForm(data=request.POST)
        if not form.is_valid():
            return _page(request, sale, form=form, status=422)
        try:
            answered = answer_survey(
                sale=sale, **form.cleaned_data, source=AnswerSource.LINK, at=timezone.now()
            )
        except SurveyAnswered:
            return _page(request, sale, answer=SurveyAnswer.objects.get(sale=sale))
        except SurveyClosed as error:
            raise Http404 from error
        return _page(request, sale, answer=answered.answer)


def _find(token: str) -> Sale:
    sale = sale_of(token, at=timezone.now())
    if sale is None:
        raise Http404
    return sale


def _page(
    request: HttpRequest,
    sale: Sale,
    *,
    form: SurveyForm | None = None,
    answer: SurveyAnswer | None = None,
    status: int = 200,
) -> HttpResponse:
    company = Company.objects.values_list("name", flat=True).get()
    context = {"company": company, "sale": sale, "form": form, "answer": answer}
    return render(request, "loyalty/survey.html", context, status=status)


class SurveyAnswerFilters(django_filters.FilterSet):
    store = django_filters.ModelChoiceFilter(
        label=_("Store"),
        field_name="sale__store",
        queryset=Store.objects.order_by("name", "pk"),
        empty_label=_("Every store"),
    )
    score = django_filters.ChoiceFilter(
        label=_("Score"),
        choices=[("high", _("9 and 10")), ("middle", _("7 and 8")), ("low", _("0 to 6"))],
        method="with_score",
        empty_label=_("Every score"),
    )
    since = DayFilter(label=_("From"), field_name="answered_at", edge="first")
    until = DayFilter(label=_("Until"), field_name="answered_at", edge="last")

    class Meta:
        model = SurveyAnswer
        fields = ["store", "score", "since", "until"]

    def with_score(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(_SCORES[value])


class SurveyAnswerList(ListPage):
    """What customers said of their purchases, the newest first."""

    model = SurveyAnswer
    permission_required = ("loyalty.view_surveyanswer", "customers.view_customer")
    title = _("Survey answers")
    subtitle = _(
        "What customers say of their purchases. An answer makes the cashback usable that waited for it."
    )
    template_name = "loyalty/survey_answers.html"
    columns = (
        Column(
            name="sale.customer", label=_("Customer"), value=lambda answer: str(answer.sale.customer or _("Without a customer")),
            secondary=lambda answer: answer.sale.store.name,
        ),
        Column(name="score", label=_("Score"), kind="number", order_by="score"),
        Column(name="comment", label=_("Comment")),
        Column(name="sale.ticket", label=_("Ticket")),
        Column(name="answered_at", label=_("When"), kind="moment", zone=lambda answer: answer.sale.store.zone, order_by="answered_at"),
        Column(name="source", label=_("By"), labels=dict(AnswerSource.choices)),
        Column(name="released", label=_("Released cashback"), kind="money", value=lambda answer: answer.released or ""),
    )  # fmt: skip
    filterset_class = SurveyAnswerFilters
    search_placeholder = _("Customer, CPF, ticket")
    default_order = "-answered_at"
    page_size = 50
    export_name = "survey-answers"
    empty_icon = "star"
    empty_title = _("No answers yet")
    empty_text = _("Customers answer at the till, or at the address that their statement shows.")

    def get_queryset(self) -> QuerySet[SurveyAnswer]:
        answers = SurveyAnswer.objects.filter(sale__is_test=False)
        return answers.select_related("sale__store", "sale__customer").defer(
            "sale__request", "sale__response"
        )

    def search(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        if not text:
            return queryset
        found = Customer.objects.search(text).values("pk")
        return queryset.filter(Q(sale__ticket=text) | Q(sale__customer__in=found))

    def row_url(self, instance: SurveyAnswer) -> str | None:
        if instance.sale.customer_id is None:
            return None
        return reverse("customers:customer_detail", args=[instance.sale.customer_id])

    def extra_context(self) -> dict[str, Any]:
        filters = SurveyAnswerFilters(self.request.GET, queryset=self.get_queryset())
        found = self.search(filters.qs, self.query)
        counts = found.aggregate(
            count=Count("pk"),
            mean=Avg("score", output_field=DecimalField()),
            released=Sum("released"),
            **{name: Count("pk", filter=wanted) for name, wanted in _SCORES.items()},
        )
        mean = counts["mean"]
        return {
            "counts": counts,
            "mean": formats.number(None if mean is None else mean.quantize(Decimal("0.1"))),
        }
