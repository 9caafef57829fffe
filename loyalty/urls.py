"""The pages of loyalty. `loyalty/programs/` are lists, `loyalty/program/<code>/` is one program; plans likewise."""

from django.urls import path
from django.views.generic import RedirectView

from loyalty.views import (
    adjustment,
    cashback_report,
    choices,
    customer_tiers,
    issuing_rules,
    liability_report,
    product_gifts,
    programs,
    reports,
    stamp_plans,
    stamps,
    statement,
    stored_value_print,
    survey,
    tier_report,
)

app_name = "loyalty"

urlpatterns = [
    path("loyalty/choices/", choices.Choices.as_view(), name="choices"),
    path("loyalty/programs/", programs.ProgramList.as_view(), name="program_list"),
    path("loyalty/programs/new/", programs.ProgramFormPage.as_view(), name="program_create"),
    path("loyalty/programs/summary/", programs.ProgramSummary.as_view(), name="program_summary"),
    path("loyalty/program/", RedirectView.as_view(pattern_name="loyalty:program_list"), name="program_root"),
    path("loyalty/program/<slug:code>/", programs.ProgramDetail.as_view(), name="program_detail"),
    path("loyalty/program/<slug:code>/edit/", programs.ProgramFormPage.as_view(), name="program_form"),
    path("loyalty/program/<slug:code>/delete/", programs.ProgramDelete.as_view(), name="program_delete"),
    path("loyalty/stamp-plans/", stamp_plans.StampPlanList.as_view(), name="stamp_plan_list"),
    path("loyalty/stamp-plans/new/", stamp_plans.StampPlanFormPage.as_view(), name="stamp_plan_create"),
    path("loyalty/stamp-plans/summary/", stamp_plans.StampPlanSummary.as_view(), name="stamp_plan_summary"),
    path(
        "loyalty/stamp-plan/",
        RedirectView.as_view(pattern_name="loyalty:stamp_plan_list"),
        name="stamp_plan_root",
    ),
    path("loyalty/stamp-plan/<slug:code>/", stamp_plans.StampPlanDetail.as_view(), name="stamp_plan_detail"),
    path(
        "loyalty/stamp-plan/<slug:code>/edit/",
        stamp_plans.StampPlanFormPage.as_view(),
        name="stamp_plan_form",
    ),
    path(
        "loyalty/stamp-plan/<slug:code>/delete/",
        stamp_plans.StampPlanDelete.as_view(),
        name="stamp_plan_delete",
    ),
    path(
        "loyalty/stamp-plan/<slug:code>/customers/<int:pk>/", stamps.CustomerStamps.as_view(), name="stamps"
    ),
    path("loyalty/issuing-rules/", issuing_rules.RuleList.as_view(), name="issuing_rule_list"),
    path("loyalty/issuing-rules/new/", issuing_rules.RuleCreate.as_view(), name="issuing_rule_create"),
    path(
        "loyalty/issuing-rule/",
        RedirectView.as_view(pattern_name="loyalty:issuing_rule_list"),
        name="issuing_rule_root",
    ),
    path("loyalty/issuing-rule/<slug:code>/", issuing_rules.RuleEdit.as_view(), name="issuing_rule_form"),
    path("loyalty/performance/", stamps.StampList.as_view(), name="stamp_list"),
    path("products/<int:pk>/loyalty/", product_gifts.ProductGifts.as_view(), name="product_gifts"),
    path("reports/tiers/", tier_report.TierReport.as_view(), name="tier_report"),
    path("customers/<int:pk>/tiers/", customer_tiers.CustomerTiers.as_view(), name="customer_tiers"),
    path("customers/<int:pk>/statement/", statement.Statement.as_view(), name="statement"),
    path("customers/<int:pk>/statement/adjust/", adjustment.Adjustment.as_view(), name="adjustment"),
    path(
        "customers/<int:pk>/statement/debts/<int:debt>/write-off/",
        adjustment.WriteOff.as_view(),
        name="write_off",
    ),
    path("survey/<str:token>/", survey.Survey.as_view(), name="survey"),
    path("surveys/answers/", survey.SurveyAnswerList.as_view(), name="survey_answer_list"),
    path("reports/cashback/", cashback_report.CashbackReport.as_view(), name="cashback_report"),
    path("reports/expiring/", reports.ExpiringReport.as_view(), name="expiring_report"),
    path(
        "loyalty/stored-values/print/",
        stored_value_print.StoredValuePrint.as_view(),
        name="stored_value_print",
    ),
    path("reports/liability/", liability_report.LiabilityReport.as_view(), name="liability_report"),
    path("reports/breakage/", liability_report.BreakageReport.as_view(), name="breakage_report"),
    path("reports/value/", reports.MovementReport.as_view(), name="movement_report"),
]
