from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from retail.models import Store


class CartState(models.TextChoices):
    OPEN = "open", _("Open")
    BOUGHT = "bought", _("Bought")
    DELETED = "deleted", _("Deleted")
    RECOVERED = "recovered", _("Bought after our message")


# The occasion of messages about carts.
RECOVERY = "recovery"


class Cart(models.Model):
    """A cart or conversation as the online shop last reported it.

    A cart that was bought or deleted and is reported again is a new occasion: ``episode`` counts them, and
    ``opened_at`` is when the present one began. Purchases since then close it.
    """

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="carts", verbose_name=_("store"))
    external_id = models.CharField(_("id"), max_length=80, help_text=_("Given by the online shop."))
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="carts",
        verbose_name=_("customer"),
    )
    name = models.CharField(_("name"), max_length=160, blank=True, default="")
    email = models.EmailField(_("e-mail"), blank=True, default="")
    phone = models.CharField(_("phone"), max_length=16, blank=True, default="")
    language = models.CharField(_("language"), max_length=8, blank=True, default="")
    accepts_marketing = models.BooleanField(
        _("accepts marketing"),
        default=False,
        help_text=_("What a visitor without a customer record answered in the shop."),
    )
    lines = models.JSONField(_("lines"), default=list, encoder=DjangoJSONEncoder)
    total = models.DecimalField(_("total"), max_digits=14, decimal_places=2, default=0)
    link = models.URLField(_("link"), max_length=1000, blank=True, default="")
    is_test = models.BooleanField(
        _("test"), default=False, help_text=_("Reported with a test key: never leads to a message.")
    )
    is_conversation = models.BooleanField(
        _("conversation"),
        default=False,
        db_default=False,
        help_text=_("Somebody talked to the shop's bot: it counts as left also without lines."),
    )
    state = models.CharField(_("state"), max_length=10, choices=CartState, default=CartState.OPEN)
    episode = models.PositiveIntegerField(_("episode"), default=1)
    opened_at = models.DateTimeField(_("opened at"))
    last_interaction_at = models.DateTimeField(_("last interaction at"))
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("cart")
        verbose_name_plural = _("carts")
        constraints = [
            models.UniqueConstraint(fields=["store", "external_id"], name="cart_once_per_store"),
            models.CheckConstraint(condition=models.Q(state__in=CartState.values), name="cart_state_known"),
            models.CheckConstraint(
                condition=models.Q(state=CartState.OPEN, closed_at__isnull=True)
                | (~models.Q(state=CartState.OPEN) & models.Q(closed_at__isnull=False)),
                name="cart_closed_has_its_moment",
            ),
            models.CheckConstraint(condition=models.Q(total__gte=0), name="cart_total_not_negative"),
            models.CheckConstraint(condition=~models.Q(external_id=""), name="cart_id_not_empty"),
        ]
        indexes = [
            models.Index(
                fields=["last_interaction_at"],
                name="cart_open_by_interaction",
                condition=models.Q(state=CartState.OPEN),
            ),
            models.Index(fields=["customer", "-last_interaction_at"], name="cart_by_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.store_id}/{self.external_id}"

    @property
    def occasion_key(self) -> str:
        """What makes the recovery message of this cart unique."""
        return f"cart:{self.pk}:{self.episode}"
