"""One product's place in the loyalty programs: of which levels it is a gift."""

from csp.decorators import csp_update
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View

from loyalty.forms.product_gifts import ProductGiftsForm
from loyalty.services.product_gifts import set_gift_levels
from loyalty.views.pictures import SHOWS_PICTURES
from retail.models import Product
from retail.views.access import PageMixin
from retail.views.product import product_tabs


@method_decorator(csp_update(SHOWS_PICTURES), name="dispatch")
class ProductGifts(PageMixin, View):
    permission_required = ("retail.view_product", "loyalty.view_pointsprogram")

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        product = get_object_or_404(Product, pk=pk)
        return self.draw(product, ProductGiftsForm(product=product))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not request.user.has_perm("loyalty.change_pointsprogram"):
            return self.handle_no_permission()
        product = get_object_or_404(Product, pk=pk)
        form = ProductGiftsForm(request.POST, product=product)
        if not form.is_valid():
            return self.draw(product, form, status=422)
        set_gift_levels(product=product, level_ids=form.cleaned_data["levels"], shown=form.shown)
        messages.success(request, _("Saved. Tills follow it from now on."))
        return HttpResponseRedirect(request.path)

    def draw(self, product: Product, form: ProductGiftsForm, status: int = 200) -> HttpResponse:
        context = {
            "product": product,
            "form": form,
            "tabs": product_tabs(self.request, product, "loyalty:product_gifts"),
        }
        return render(self.request, "loyalty/product_gifts.html", context, status=status)
