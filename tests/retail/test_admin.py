import pytest
from django.contrib import admin
from django.urls import reverse

from customers.models import Consent, Customer
from retail.models import Category, Sale
from tests.builders import (
    build_category,
    build_consent,
    build_customer,
    build_product_grouping,
    build_sale,
    build_user,
)

pytestmark = pytest.mark.django_db

MODELS = [model for model in admin.site._registry if model._meta.app_label in ("retail", "customers")]


@pytest.fixture
def staff(client):
    client.force_login(build_user(is_staff=True, is_superuser=True))
    return client


def page(model, action, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{action}", args=args)


class TestPages:
    @pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.model_name)
    def test_every_list_opens_and_searches(self, staff, model):
        build_sale(customer=build_consent().customer)
        build_product_grouping()

        assert staff.get(page(model, "changelist")).status_code == 200
        assert staff.get(page(model, "changelist") + "?q=1").status_code == 200

    @pytest.mark.parametrize("build", [build_sale, build_consent])
    def test_what_is_recorded_is_looked_at_and_never_changed(self, staff, build):
        instance = build()
        model = type(instance)

        assert staff.get(page(model, "change", instance.pk)).status_code == 200
        assert staff.post(page(model, "change", instance.pk), {}).status_code == 403
        assert staff.post(page(model, "delete", instance.pk), {"post": "yes"}).status_code == 403
        assert staff.get(page(model, "add")).status_code == 403
        assert model.objects.filter(pk=instance.pk).exists()


class TestCategories:
    def test_moving_one_rewrites_the_paths_below(self, staff):
        moda, casa = build_category(code="moda"), build_category(code="casa")
        meias = build_category(code="meias", parent=moda)
        build_category(code="infantis", parent=meias)

        staff.post(page(Category, "change", meias.pk), {"code": "meias", "name": "Meias", "parent": casa.pk})

        assert Category.objects.get(code="infantis").path == ["casa", "meias", "infantis"]

    def test_refuses_a_circle(self, staff):
        moda = build_category(code="moda")
        meias = build_category(code="meias", parent=moda)

        answer = staff.post(
            page(Category, "change", moda.pk), {"code": "moda", "name": "Moda", "parent": meias.pk}
        )

        assert answer.context["adminform"].form.errors["parent"]
        assert Category.objects.get(code="moda").path == ["moda"]


class TestCustomers:
    def test_reads_documents_and_phones_like_every_other_entrance(self, staff):
        values = {
            "document": "390.533.447-05",
            "phone": "(11) 98765-4321",
            "email": "ANA@example.com",
            "name": "Ana",
            "country": "BR",
            "language": "pt-br",
            "consents-TOTAL_FORMS": 0,
            "consents-INITIAL_FORMS": 0,
        }

        staff.post(page(Customer, "add"), values)

        customer = Customer.objects.get()
        assert (customer.document, customer.phone) == ("39053344705", "+5511987654321")
        assert (customer.email, customer.code, customer.card) == ("ana@example.com", None, None)

    def test_refuses_a_wrong_document(self, staff):
        answer = staff.post(
            page(Customer, "add"),
            {"document": "111.111.111-11", "consents-TOTAL_FORMS": 0, "consents-INITIAL_FORMS": 0},
        )

        assert "document" in answer.context["adminform"].form.errors
        assert not Customer.objects.exists()

    def test_a_customer_with_consents_is_not_removed(self, staff):
        customer = build_consent(customer=build_customer()).customer

        staff.post(page(Customer, "delete", customer.pk), {"post": "yes"})

        assert Customer.objects.filter(pk=customer.pk).exists()
        assert Consent.objects.exists()
        assert not Sale.objects.exists()
