"""The simple mode: choose an everyday campaign, fill in a few fields, done."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views import View

from campaigns import selectors
from campaigns.forms.recipe import RecipeForm
from campaigns.forms.recipes import RECIPES, Recipe
from campaigns.models import Campaign
from campaigns.services import campaigns as services
from campaigns.services import promo_code_pools
from campaigns.services.promo_code_refusals import PromoCodeError
from campaigns.services.publication import PublicationError
from campaigns.views.builder import partial_summary, saved
from retail.views.access import PageMixin, acting_user


class RecipeChoice(PageMixin, View):
    permission_required = "campaigns.add_campaign"

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "campaigns/campaign_new.html", {"recipes": RECIPES.values()})


def _recipe(code: str) -> Recipe:
    if code not in RECIPES:
        raise Http404
    return RECIPES[code]


class RecipePage(PageMixin, View):
    permission_required = "campaigns.add_campaign"

    def get(self, request: HttpRequest, recipe: str) -> HttpResponse:
        found = _recipe(recipe)
        return self.draw(found, found.form(initial={"name": str(found.title)}))

    def post(self, request: HttpRequest, recipe: str) -> HttpResponse:
        found = _recipe(recipe)
        form = found.form(request.POST)
        if form.is_valid():
            try:
                campaign = self.store(form)
            except PromoCodeError as refusal:
                form.add_error("word", str(refusal))
            except PublicationError as refusal:
                form.add_error("name", str(refusal))
            else:
                return saved(request, campaign)
        return self.draw(found, form, status=422)

    def store(self, form: RecipeForm) -> Campaign:
        user, at = acting_user(self.request), timezone.now()
        document = form.document()
        document["code"] = selectors.free_campaign_code(document["code"])
        if "word" in form.fields:
            return promo_code_pools.create_campaign_with_word(
                document=document, word=form.cleaned_data["word"], user=user, at=at
            )
        return services.create_campaign(document=document, user=user, at=at)

    def draw(self, recipe: Recipe, form: RecipeForm, status: int = 200) -> HttpResponse:
        context: dict[str, Any] = {
            "recipe": recipe,
            "form": form,
            "fields": [form[name] for name in recipe.fields],
            **partial_summary(form.document()),
        }
        return render(self.request, "campaigns/campaign_recipe.html", context, status=status)


class RecipeSummary(PageMixin, View):
    """The summary of a recipe as far as it is filled in."""

    permission_required = "campaigns.add_campaign"

    def post(self, request: HttpRequest, recipe: str) -> HttpResponse:
        form = _recipe(recipe).form(request.POST)
        return render(request, "campaigns/parts/summary.html", partial_summary(form.document()))
