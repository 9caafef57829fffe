"""The tables of campaigns for support staff: to look at, not to change. Managers work on the pages of the back-office."""

from django.contrib import admin
from django.db import models

from campaigns.models import (
    Activation,
    Association,
    AssociationRevision,
    Backtest,
    Campaign,
    CampaignCategory,
    CampaignCounter,
    CampaignRevision,
    Job,
    LineAdjustment,
    Markdown,
    MarkdownRevision,
    PlanChange,
    PlanHead,
    PromoCode,
    PromoCodePool,
    Review,
)
from retail.admin import ReadOnly
from retail.forms.fields import CodeField


@admin.register(CampaignCategory)
class CampaignCategoryAdmin(admin.ModelAdmin):
    list_display = ("code", "name")
    search_fields = ("code", "name")
    ordering = ("code",)
    formfield_overrides = {models.SlugField: {"form_class": CodeField}}


class RevisionInline(ReadOnly, admin.TabularInline):
    model = CampaignRevision
    fk_name = "campaign"
    fields = ("number", "comment", "published_by", "published_at")
    ordering = ("-number",)
    extra = 0


@admin.register(Campaign)
class CampaignAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("code", "name", "status", "category", "starts_at", "ends_at", "version")
    list_filter = ("status", "category")
    search_fields = ("code", "name")
    ordering = ("code",)
    inlines = (RevisionInline,)


@admin.register(Review)
class ReviewAdmin(ReadOnly, admin.ModelAdmin):
    list_display = (
        "kind",
        "code",
        "version",
        "state",
        "requested_by",
        "requested_at",
        "decided_by",
        "decided_at",
    )
    list_filter = ("kind", "state")
    list_select_related = ("requested_by", "decided_by")
    search_fields = ("code",)
    ordering = ("-requested_at", "-pk")


@admin.register(CampaignRevision)
class CampaignRevisionAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("campaign", "number", "comment", "published_by", "published_at")
    list_select_related = ("campaign", "published_by")
    search_fields = ("campaign__code",)
    ordering = ("-published_at", "-pk")


@admin.register(Association)
class AssociationAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("code", "name", "status", "version", "updated_at")
    list_filter = ("status",)
    search_fields = ("code", "name")
    ordering = ("code",)


@admin.register(Markdown)
class MarkdownAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("code", "name", "status", "item_count", "starts_at", "ends_at", "version")
    list_filter = ("status",)
    search_fields = ("code", "name")
    ordering = ("code",)


@admin.register(AssociationRevision)
class AssociationRevisionAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("association", "number", "comment", "published_by", "published_at")
    list_select_related = ("association", "published_by")
    search_fields = ("association__code",)
    ordering = ("-published_at", "-pk")


@admin.register(MarkdownRevision)
class MarkdownRevisionAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("markdown", "number", "item_count", "comment", "published_by", "published_at")
    list_select_related = ("markdown", "published_by")
    search_fields = ("markdown__code",)
    ordering = ("-published_at", "-pk")


@admin.register(PlanHead)
class PlanHeadAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("version",)


@admin.register(PlanChange)
class PlanChangeAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("version", "action", "kind", "code", "changed_by", "changed_at")
    list_select_related = ("changed_by",)
    list_filter = ("kind", "action")
    search_fields = ("=code",)
    ordering = ("-version",)


class LineAdjustmentInline(ReadOnly, admin.TabularInline):
    model = LineAdjustment
    raw_id_fields = ("sale_line",)
    extra = 0


@admin.register(Activation)
class ActivationAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("campaign", "vip_card", "sale", "discount", "applications", "activated_at", "reversed_at")
    list_select_related = ("campaign", "vip_card", "sale")
    search_fields = ("campaign__code", "vip_card__code", "sale__ticket")
    ordering = ("-activated_at", "-pk")
    inlines = (LineAdjustmentInline,)


@admin.register(CampaignCounter)
class CampaignCounterAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("campaign", "scope", "scope_key", "counts", "per", "window_starts_on", "used", "maximum")
    list_select_related = ("campaign",)
    list_filter = ("scope", "counts", "per")
    search_fields = ("campaign__code",)
    ordering = ("-window_starts_on", "-pk")


@admin.register(PromoCodePool)
class PromoCodePoolAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("code", "name", "campaign", "for_automations", "created_at")
    list_select_related = ("campaign",)
    search_fields = ("code", "name", "campaign__code")
    ordering = ("code",)


@admin.register(PromoCode)
class PromoCodeAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("code", "pool", "customer", "used", "max_uses", "expires_at", "is_active")
    list_select_related = ("pool", "customer")
    list_filter = ("is_active",)
    search_fields = ("=code",)
    ordering = ("-pk",)


@admin.register(Job)
class JobAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("pk", "kind", "state", "done", "total", "requested_by", "created_at", "finished_at")
    list_select_related = ("requested_by",)
    list_filter = ("kind", "state")
    search_fields = ("=pk", "=requested_by__username")
    ordering = ("-pk",)


@admin.register(Backtest)
class BacktestAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("name", "campaign", "from_date", "until_date", "requested_by", "requested_at")
    list_select_related = ("requested_by",)
    search_fields = ("name", "campaign")
    ordering = ("-pk",)
