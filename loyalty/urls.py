"""The pages of loyalty. `loyalty/programs/` are lists, `loyalty/program/<code>/` is one program; plans likewise."""

from django.urls import path
from django.views.generic import RedirectView

from loyalty.views import (
    adjustment,
    adjustment_requests,
    cashback_report,
    choices,
    customer_tiers,
    expiring_report,
    issuing_rules,
    liability_report,
    product_gifts,
    programs,
    reports,
    stamp_plans,
    stamps,
    statement,
    stored_value,
    stored_value_print,
    stored_value_types,
    stored_values,
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
    path(
        "loyalty/stored-value-types/",
        stored_value_types.StoredValueTypeList.as_view(),
        name="stored_value_type_list",
    ),
    path(
        "loyalty/stored-value-types/new/",
        stored_value_types.StoredValueTypeFormPage.as_view(),
        name="stored_value_type_create",
    ),
    path(
        "loyalty/stored-value-types/choices/",
        stored_value_types.Choices.as_view(),
        name="stored_value_choices",
    ),
    path(
        "loyalty/stored-value-type/",
        RedirectView.as_view(pattern_name="loyalty:stored_value_type_list"),
        name="stored_value_type_root",
    ),
    path(
        "loyalty/stored-value-type/<slug:code>/",
        stored_value_types.StoredValueTypeDetail.as_view(),
        name="stored_value_type_detail",
    ),
    path(
        "loyalty/stored-value-type/<slug:code>/edit/",
        stored_value_types.StoredValueTypeFormPage.as_view(),
        name="stored_value_type_form",
    ),
    path(
        "loyalty/stored-value-type/<slug:code>/delete/",
        stored_value_types.StoredValueTypeDelete.as_view(),
        name="stored_value_type_delete",
    ),
    path(
        "loyalty/adjustments/",
        adjustment_requests.AdjustmentRequestList.as_view(),
        name="adjustment_request_list",
    ),
    path(
        "loyalty/adjustments/limit/",
        adjustment_requests.AdjustmentLimit.as_view(),
        name="adjustment_limit",
    ),
    path(
        "loyalty/adjustments/<int:pk>/approve/",
        adjustment_requests.ApproveAdjustment.as_view(),
        name="adjustment_approve",
    ),
    path(
        "loyalty/adjustments/<int:pk>/refuse/",
        adjustment_requests.RefuseAdjustment.as_view(),
        name="adjustment_refuse",
    ),
    path("stored-values/", stored_values.StoredValueList.as_view(), name="stored_value_list"),
    path("stored-values/find/", stored_values.FindStoredValue.as_view(), name="stored_value_find"),
    path("stored-values/give/", stored_value.IssueByHand.as_view(), name="stored_value_issue"),
    path("stored-values/<int:pk>/", stored_value.StoredValueDetail.as_view(), name="stored_value_detail"),
    path("stored-values/<int:pk>/block/", stored_value.Block.as_view(), name="stored_value_block"),
    path("stored-values/<int:pk>/unblock/", stored_value.Unblock.as_view(), name="stored_value_unblock"),
    path("stored-values/<int:pk>/void/", stored_value.Void.as_view(), name="stored_value_void"),
    path("stored-values/<int:pk>/assign/", stored_value.Assign.as_view(), name="stored_value_assign"),
    path("stored-values/<int:pk>/adjust/", stored_value.Adjust.as_view(), name="stored_value_adjust"),
    path("stored-values/<int:pk>/replace/", stored_value.Replace.as_view(), name="stored_value_replace"),
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
    path("reports/expiring/", expiring_report.ExpiringReport.as_view(), name="expiring_report"),
    path(
        "loyalty/stored-values/print/",
        stored_value_print.StoredValuePrint.as_view(),
        name="stored_value_print",
    ),
    path("reports/liability/", liability_report.LiabilityReport.as_view(), name="liability_report"),
    path("reports/breakage/", liability_report.BreakageReport.as_view(), name="breakage_report"),
    path("reports/value/", reports.MovementReport.as_view(), name="movement_report"),
]
