"""Variables that several occasions share. `messaging.services.composition.build_context` fills them."""

from django.utils.translation import gettext_lazy as _

from messaging.occasions.parts import Variable

CUSTOMER = (
    Variable("customer.first_name", _("Customer's first name"), "Maximiliano"),
    Variable("customer.name", _("Customer's name"), "Maximiliano Albuquerque"),
)
COMPANY = (Variable("company.name", _("Name of the company"), "Loja Exemplo"),)
STORE = (*COMPANY, Variable("store.name", _("Name of the store"), "Shopping Iguatemi"))
COUPON = (
    Variable("coupon.code", _("Promo code (empty without one)"), "VOLTE-7GK2-M0ZD-9QWT-31HX"),
    Variable(
        "coupon.link",
        _("Link that brings the promo code"),
        "https://loja.example.com/?coupon=VOLTE-7GK2-M0ZD-9QWT-31HX",
    ),
    Variable("coupon.valid_until", _("When the promo code expires"), "22/11/2026 18:30"),
)
SALE = (
    Variable("sale.ticket", _("Number of the ticket"), "000123456"),
    Variable("sale.date", _("Day of the purchase"), "22/11/2026"),
    Variable("sale.total", _("Value of the purchase"), "R$ 1.189,90"),
)
OPT_OUT = (
    Variable(
        "unsubscribe_link", _("Link to stop these messages"), "https://fiel.example.com/unsubscribe/token"
    ),
    Variable(
        "preferences_link",
        _("Link to choose messages and channels"),
        "https://fiel.example.com/p/1bY.k3Jd8sLq0PzXw9Tf/",
    ),
)
