from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import ExtractDay, ExtractMonth, Upper
from django.utils.translation import gettext_lazy as _

from customers.documents import mask
from customers.models.segment import Segment
from customers.querysets import CustomerQuerySet
from retail.models import Grouping, Store
from retail.models.search import PostalKey, Searchable


class Sex(models.TextChoices):
    FEMALE = "f", _("Female")
    MALE = "m", _("Male")
    OTHER = "o", _("Other")


class CustomerGrouping(Grouping):
    """A named list of customers ("Clientes VIP"); or, with a `segment`, whoever it has, as of `refreshed_at`."""

    segment = models.ForeignKey(
        Segment,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="groupings",
        verbose_name=_("of the segment"),
    )
    segment_revision = models.PositiveIntegerField(_("revision of the segment"), null=True, editable=False)
    refreshed_at = models.DateTimeField(_("refreshed at"), null=True, editable=False)
    # Also when it failed: what was tried longest ago is tried first.
    refresh_tried_at = models.DateTimeField(_("refresh tried at"), null=True, editable=False)

    class Meta:
        verbose_name = _("customer grouping")
        verbose_name_plural = _("customer groupings")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(segment__isnull=False)
                | models.Q(segment_revision__isnull=True, refreshed_at__isnull=True),
                name="customer_grouping_refreshed_has_its_segment",
            ),
        ]

    @property
    def is_computed(self) -> bool:
        return self.segment_id is not None


class Customer(models.Model):
    """A person or company that buys. Whatever identifies it is optional; the document is unique.

    The document is stored normalised (``customers.documents.normalize``): upper case, no mask. Phone is
    E.164 ("+5511987654321"). E-mail is lower case. Phone and e-mail may be shared by a family.
    """

    code = models.CharField(
        _("code"),
        max_length=64,
        unique=True,
        null=True,
        blank=True,
        help_text=_("The chain's own number for it."),
    )
    name = models.CharField(_("name"), max_length=160, blank=True, default="")
    document = models.CharField(_("CPF or CNPJ"), max_length=14, unique=True, null=True, blank=True)
    email = models.EmailField(_("e-mail"), blank=True, default="")
    phone = models.CharField(
        _("phone"),
        max_length=16,
        blank=True,
        default="",
        validators=[RegexValidator(r"^(\+[1-9][0-9]{6,14})?$")],
    )
    card = models.CharField(_("loyalty card"), max_length=64, unique=True, null=True, blank=True)
    birth_date = models.DateField(_("birth date"), null=True, blank=True)
    sex = models.CharField(_("sex"), max_length=1, choices=Sex, blank=True, default="")
    street = models.CharField(_("street"), max_length=160, blank=True, default="")
    number = models.CharField(_("number"), max_length=20, blank=True, default="")
    complement = models.CharField(_("complement"), max_length=80, blank=True, default="")
    district = models.CharField(_("district"), max_length=80, blank=True, default="")
    city = models.CharField(_("city"), max_length=80, blank=True, default="")
    state = models.CharField(_("state"), max_length=2, blank=True, default="")
    postal_code = models.CharField(_("postal code"), max_length=12, blank=True, default="")
    country = models.CharField(_("country"), max_length=2, blank=True, default="BR")
    origin = models.CharField(_("origin"), max_length=60, blank=True, default="")
    remark = models.CharField(
        _("remark"), max_length=240, blank=True, default="", help_text=_("Shown in red at the point of sale.")
    )
    language = models.CharField(_("language"), max_length=8, blank=True, default="pt-br")
    loyalty_category = models.CharField(_("loyalty category"), max_length=40, blank=True, default="")
    level = models.PositiveSmallIntegerField(_("level"), null=True, blank=True)
    home_store = models.ForeignKey(
        Store,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="customers",
        verbose_name=_("home store"),
    )
    groupings = models.ManyToManyField(
        CustomerGrouping, related_name="customers", blank=True, verbose_name=_("groupings")
    )
    is_active = models.BooleanField(_("active"), default=True)
    # Always the record that stands: who absorbs it is absorbed with it.
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="absorbed",
        verbose_name=_("merged into"),
        help_text=_("The record of the same person that stands. Whatever finds this one leads there."),
        db_index=False,
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        permissions = [("merge_customer", _("Can merge records of one customer"))]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(document__isnull=True)
                | models.Q(document__regex=r"^([0-9]{11}|[0-9A-Z]{12}[0-9]{2})$"),
                name="customer_document_normalised",
            ),
            models.CheckConstraint(
                condition=models.Q(phone__regex=r"^(\+[1-9][0-9]{6,14})?$"), name="customer_phone_e164"
            ),
            models.CheckConstraint(
                condition=models.Q(code__isnull=True) | ~models.Q(code=""), name="customer_code_not_empty"
            ),
            models.CheckConstraint(
                condition=models.Q(card__isnull=True) | ~models.Q(card=""), name="customer_card_not_empty"
            ),
            models.CheckConstraint(
                condition=models.Q(merged_into__isnull=True)
                | (models.Q(is_active=False) & ~models.Q(merged_into=models.F("id"))),
                name="customer_merged_is_not_active",
            ),
        ]
        indexes = [
            GinIndex(OpClass(Searchable("name"), name="gin_trgm_ops"), name="customer_name_search"),
            models.Index(Searchable("name"), "id", name="customer_by_name"),
            models.Index(fields=["email"], name="customer_by_email", condition=~models.Q(email="")),
            models.Index(fields=["phone"], name="customer_by_phone", condition=~models.Q(phone="")),
            # Segments ask for places as people write them.
            models.Index(Searchable("city"), name="customer_by_city"),
            # Holds all that most segments ask for: the rows themselves are ten times as much to read.
            models.Index(
                Upper("state"),
                name="customer_by_state",
                include=["id", "state", "sex"],
                condition=models.Q(is_active=True),
            ),
            models.Index(PostalKey("postal_code"), name="customer_by_postal_code"),
            # Who is new is asked for every minute.
            models.Index(fields=["created_at"], name="customer_by_creation"),
            # Birthdays are asked for by month and day, whatever the year.
            models.Index(ExtractMonth("birth_date"), ExtractDay("birth_date"), name="customer_by_birthday"),
            models.Index(
                fields=["merged_into"],
                name="customer_by_merged_into",
                condition=models.Q(merged_into__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.code or (mask(self.document) if self.document else f"#{self.pk}")
