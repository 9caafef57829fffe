import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

OLD_CONSTRAINTS = ("state_known", "one_at_a_time", "by_a_second_person", "decided_by_somebody")
STATES = ["requested", "approved", "rejected", "superseded"]
KINDS = [("campaign", "Campaign"), ("association", "Association"), ("markdown", "Price markdown")]


def name_campaigns(apps, schema_editor):
    codes = apps.get_model("campaigns", "Campaign").objects.filter(pk=models.OuterRef("campaign"))
    apps.get_model("campaigns", "Review").objects.update(code=models.Subquery(codes.values("code")))


def point_at_campaigns(apps, schema_editor):
    """Only campaigns had reviews; those of other documents go."""
    reviews = apps.get_model("campaigns", "Review").objects
    campaigns = apps.get_model("campaigns", "Campaign").objects.filter(code=models.OuterRef("code"))
    reviews.exclude(kind="campaign").delete()
    reviews.update(campaign=models.Subquery(campaigns.values("pk")))
    schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def approval_fields(model):
    def person(name):
        return models.ForeignKey(
            null=True,
            on_delete=django.db.models.deletion.PROTECT,
            related_name="+",
            to=settings.AUTH_USER_MODEL,
            verbose_name=name,
        )

    return [
        migrations.AddField(model, "submitted_by", person("submitted by")),
        migrations.AddField(
            model, "submitted_at", models.DateTimeField(null=True, verbose_name="submitted at")
        ),
        migrations.AddField(model, "approved_by", person("approved by")),
        migrations.AddField(
            model, "approved_at", models.DateTimeField(null=True, verbose_name="approved at")
        ),
    ]


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0012_editors_of_documents"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        *(
            migrations.RemoveConstraint("CampaignReview", f"campaign_review_{name}")
            for name in OLD_CONSTRAINTS
        ),
        migrations.RenameModel("CampaignReview", "Review"),
        migrations.AlterModelOptions("review", {"verbose_name": "review", "verbose_name_plural": "reviews"}),
        migrations.AddField(
            "review",
            "kind",
            models.CharField(choices=KINDS, default="campaign", max_length=12, verbose_name="kind"),
            preserve_default=False,
        ),
        migrations.AddField(
            "review",
            "code",
            models.CharField(default="", max_length=64, verbose_name="code"),
            preserve_default=False,
        ),
        migrations.AlterField(
            "review",
            "campaign",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="reviews",
                to="campaigns.campaign",
                verbose_name="campaign",
            ),
        ),
        migrations.RunPython(name_campaigns, point_at_campaigns),
        migrations.RemoveField("review", "campaign"),
        migrations.AddIndex(
            "review", models.Index(fields=["kind", "code", "version"], name="review_by_document")
        ),
        migrations.AddConstraint(
            "review",
            models.CheckConstraint(
                condition=models.Q(kind__in=[kind for kind, _label in KINDS]), name="review_kind_known"
            ),
        ),
        migrations.AddConstraint(
            "review", models.CheckConstraint(condition=~models.Q(code=""), name="review_names_a_document")
        ),
        migrations.AddConstraint(
            "review",
            models.CheckConstraint(condition=models.Q(state__in=STATES), name="review_state_known"),
        ),
        migrations.AddConstraint(
            "review",
            models.UniqueConstraint(
                condition=models.Q(state="requested"), fields=("kind", "code"), name="review_one_at_a_time"
            ),
        ),
        migrations.AddConstraint(
            "review",
            models.CheckConstraint(
                condition=models.Q(decided_by__isnull=True) | ~models.Q(decided_by=models.F("requested_by")),
                name="review_by_a_second_person",
            ),
        ),
        migrations.AddConstraint(
            "review",
            models.CheckConstraint(
                condition=~models.Q(state__in=["approved", "rejected"])
                | models.Q(decided_by__isnull=False, decided_at__isnull=False),
                name="review_decided_by_somebody",
            ),
        ),
        *approval_fields("associationrevision"),
        *approval_fields("markdownrevision"),
        migrations.RemoveField("association", "editors"),
        migrations.RemoveField("markdown", "editors"),
        migrations.AlterModelOptions(
            "association",
            {
                "permissions": [
                    ("publish_association", "Can publish and pause associations"),
                    ("approve_association", "Can approve associations that somebody else submits"),
                ],
                "verbose_name": "association",
                "verbose_name_plural": "associations",
            },
        ),
        migrations.AlterModelOptions(
            "markdown",
            {
                "permissions": [
                    ("publish_markdown", "Can publish and pause price markdowns"),
                    ("approve_markdown", "Can approve price markdowns that somebody else submits"),
                ],
                "verbose_name": "price markdown",
                "verbose_name_plural": "price markdowns",
            },
        ),
    ]
