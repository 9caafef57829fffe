from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.published import PublishedDocument, Revision, known_and_live
from campaigns.querysets import AssociationQuerySet


class Association(PublishedDocument):
    """A group of campaigns of which a criterion lets one, or all, go on. Its document names them by code."""

    live_revision = models.ForeignKey(
        "AssociationRevision",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("live revision"),
    )

    objects = AssociationQuerySet.as_manager()

    class Meta:
        verbose_name = _("association")
        verbose_name_plural = _("associations")
        permissions = [
            ("publish_association", "Can publish and pause associations"),
            ("approve_association", "Can approve associations that somebody else submits"),
        ]
        constraints = known_and_live("association")


class AssociationRevision(Revision):
    """One published state of an association."""

    association = models.ForeignKey(
        Association, on_delete=models.PROTECT, related_name="revisions", verbose_name=_("association")
    )

    class Meta:
        verbose_name = _("association revision")
        verbose_name_plural = _("association revisions")
        constraints = [
            models.UniqueConstraint(
                fields=["association", "number"], name="association_revision_number_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.association_id} r{self.number}"
