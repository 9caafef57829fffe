"""The pages of campaigns. `campaigns/` are lists and tools, `campaign/<code>/` is one campaign."""

from django.urls import path, re_path
from django.views.generic import RedirectView

from campaigns.models import Campaign
from campaigns.views import (
    actions,
    associations,
    backtests,
    builder,
    categories,
    check,
    detail,
    issuing_runs,
    jobs,
    lists,
    markdowns,
    pickers,
    policy,
    promo_codes,
    recipes,
    segment_exports,
    simulator,
    vip_cards,
)
from campaigns.views import markdown_products as products
from campaigns.views import promo_code_pools as pools
from campaigns.views.approval import review_steps

app_name = "campaigns"

urlpatterns = [
    path("simulator/", simulator.Simulator.as_view(), name="simulator"),
    path("vip-cards/", vip_cards.VipCardList.as_view(), name="vip_card_list"),
    path("vip-cards/new/", vip_cards.VipCardCreate.as_view(), name="vip_card_create"),
    path("vip-card/", RedirectView.as_view(pattern_name="campaigns:vip_card_list"), name="vip_card_root"),
    path("vip-card/<int:pk>/", vip_cards.VipCardDetail.as_view(), name="vip_card_detail"),
    path("vip-card/<int:pk>/edit/", vip_cards.VipCardEdit.as_view(), name="vip_card_form"),
    path("vip-card/<int:pk>/block/", vip_cards.VipCardBlock.as_view(), name="vip_card_block"),
    path("calculation-policy/", policy.PolicyPage.as_view(), name="policy"),
    path("calculation-policy/approval/", policy.PolicyApproval.as_view(), name="policy_approval"),
    path("campaigns/", lists.CampaignList.as_view(), name="campaign_list"),
    path("campaigns/new/", recipes.RecipeChoice.as_view(), name="campaign_new"),
    path("campaigns/new/advanced/", builder.CampaignCreate.as_view(), name="campaign_create"),
    path("campaigns/new/<slug:recipe>/", recipes.RecipePage.as_view(), name="campaign_recipe"),
    path("campaigns/summary/", builder.BuilderSummary.as_view(), name="builder_summary"),
    path("campaigns/check/", check.BuilderCheck.as_view(), name="builder_check"),
    path("campaigns/summary/<slug:recipe>/", recipes.RecipeSummary.as_view(), name="recipe_summary"),
    path("campaigns/choices/", pickers.Choices.as_view(), name="choices"),
    path("campaigns/categories/", categories.CategoryList.as_view(), name="category_list"),
    path("campaigns/categories/new/", categories.CategoryForm.as_view(), name="category_create"),
    path("campaigns/categories/<str:code>/", categories.CategoryForm.as_view(), name="category_form"),
    path(
        "campaigns/categories/<str:code>/delete/", categories.CategoryDelete.as_view(), name="category_delete"
    ),
    path("campaign/", RedirectView.as_view(pattern_name="campaigns:campaign_list"), name="campaign_root"),
    path("campaign/<str:code>/", detail.CampaignDetail.as_view(), name="campaign_detail"),
    path("campaign/<str:code>/edit/", builder.CampaignEdit.as_view(), name="campaign_form"),
    path("campaign/<str:code>/history/", detail.CampaignHistory.as_view(), name="campaign_history"),
    path("campaign/<str:code>/activations/", lists.ActivationList.as_view(), name="activation_list"),
    path("campaign/<str:code>/backtests/", backtests.CampaignBacktests.as_view(), name="campaign_backtests"),
    path("backtests/<int:pk>/", backtests.BacktestDetail.as_view(), name="backtest_detail"),
    path("backtests/<int:pk>/<slug:table>.csv", backtests.BacktestExport.as_view(), name="backtest_export"),
    path("campaign/<str:code>/publish/", actions.Publish.as_view(), name="campaign_publish"),
    *(
        path(f"campaign/<str:code>/{name.replace('_', '-')}/", view, name=f"campaign_{name}")
        for name, view in review_steps(Campaign).items()
    ),
    path("campaign/<str:code>/pause/", actions.Pause.as_view(), name="campaign_pause"),
    path("campaign/<str:code>/resume/", actions.Resume.as_view(), name="campaign_resume"),
    path("campaign/<str:code>/duplicate/", actions.Duplicate.as_view(), name="campaign_duplicate"),
    path("campaign/<str:code>/delete/", actions.Delete.as_view(), name="campaign_delete"),
    path("campaign/<str:code>/roll-back/", actions.RollBack.as_view(), name="campaign_roll_back"),
    path("associations/", associations.AssociationList.as_view(), name="association_list"),
    path("associations/new/", associations.AssociationFormPage.as_view(), name="association_create"),
    path(
        "association/",
        RedirectView.as_view(pattern_name="campaigns:association_list"),
        name="association_root",
    ),
    path("association/<str:code>/", associations.AssociationDetail.as_view(), name="association_detail"),
    path("association/<str:code>/edit/", associations.AssociationFormPage.as_view(), name="association_form"),
    path(
        "association/<str:code>/history/",
        associations.AssociationHistory.as_view(),
        name="association_history",
    ),
    *(
        path(f"association/<str:code>/{name.replace('_', '-')}/", view, name=f"association_{name}")
        for name, view in associations.ACTS.items()
    ),
    path("markdowns/", markdowns.MarkdownList.as_view(), name="markdown_list"),
    path("markdowns/new/", markdowns.MarkdownFormPage.as_view(), name="markdown_create"),
    path("markdown/", RedirectView.as_view(pattern_name="campaigns:markdown_list"), name="markdown_root"),
    path("markdown/<str:code>/", markdowns.MarkdownDetail.as_view(), name="markdown_detail"),
    path("markdown/<str:code>/edit/", markdowns.MarkdownFormPage.as_view(), name="markdown_form"),
    path("markdown/<str:code>/history/", markdowns.MarkdownHistory.as_view(), name="markdown_history"),
    path("markdown/<str:code>/products/", products.MarkdownProducts.as_view(), name="markdown_products"),
    path("markdown/<str:code>/products/import/", products.MarkdownImport.as_view(), name="markdown_import"),
    *(
        path(f"markdown/<str:code>/{name.replace('_', '-')}/", view, name=f"markdown_{name}")
        for name, view in markdowns.ACTS.items()
    ),
    path("promo-codes/", pools.PoolList.as_view(), name="promo_code_pool_list"),
    path("promo-codes/new/", pools.PoolCreate.as_view(), name="promo_code_pool_create"),
    path("promo-codes/<str:code>/", pools.PoolDetail.as_view(), name="promo_code_pool_detail"),
    path("promo-codes/<str:code>/edit/", promo_codes.PoolEdit.as_view(), name="promo_code_pool_form"),
    path("promo-codes/<str:code>/generate/", promo_codes.Generate.as_view(), name="promo_code_generate"),
    path(
        "promo-codes/<str:code>/generate-for-members/",
        promo_codes.GenerateForMembers.as_view(),
        name="promo_code_members",
    ),
    path("promo-codes/<str:code>/word/", promo_codes.AddWord.as_view(), name="promo_code_word"),
    path("promo-codes/<str:code>/extend/", promo_codes.Extend.as_view(), name="promo_code_extend"),
    path("promo-codes/<str:code>/import/", promo_codes.Import.as_view(), name="promo_code_import"),
    path(
        "promo-codes/<str:code>/import/<int:pk>/",
        promo_codes.Imported.as_view(),
        name="promo_code_imported",
    ),
    path(
        "promo-codes/<str:code>/import/<int:pk>/refused/",
        promo_codes.ImportRefused.as_view(),
        name="promo_code_import_refused",
    ),
    path("promo-codes/<str:code>/export/", pools.Export.as_view(), name="promo_code_export"),
    path("promo-codes/<str:code>/open/", pools.SwitchPool.as_view(), name="promo_code_pool_open"),
    path("promo-codes/<str:code>/switch/", promo_codes.Switch.as_view(), name="promo_code_switch"),
    path("promo-codes/<str:code>/delete/", pools.Delete.as_view(), name="promo_code_pool_delete"),
    path("loyalty/issuing-runs/", issuing_runs.RunList.as_view(), name="issuing_run_list"),
    path("loyalty/issuing-runs/new/", issuing_runs.RunCreate.as_view(), name="issuing_run_create"),
    path("loyalty/issuing-runs/<int:pk>/", issuing_runs.RunDetail.as_view(), name="issuing_run_detail"),
    path("loyalty/issuing-runs/<int:pk>/edit/", issuing_runs.RunEdit.as_view(), name="issuing_run_form"),
    path(
        "loyalty/issuing-runs/<int:pk>/preview/",
        issuing_runs.RunPreview.as_view(),
        name="issuing_run_preview",
    ),
    path(
        "loyalty/issuing-runs/<int:pk>/confirm/",
        issuing_runs.RunConfirm.as_view(),
        name="issuing_run_confirm",
    ),
    path(
        "loyalty/issuing-runs/<int:pk>/resume/", issuing_runs.RunResume.as_view(), name="issuing_run_resume"
    ),
    path(
        "loyalty/issuing-runs/<int:pk>/cancel/", issuing_runs.RunCancel.as_view(), name="issuing_run_cancel"
    ),
    path(
        "loyalty/issuing-runs/<int:pk>/close-codes/",
        issuing_runs.RunCloseCodes.as_view(),
        name="issuing_run_close_codes",
    ),
    re_path(
        r"^loyalty/issuing-runs/(?P<pk>[0-9]{1,18})/export\.(?P<form>csv|xlsx)$",
        issuing_runs.RunExport.as_view(),
        name="issuing_run_export",
    ),
    path(
        "segments/<slug:code>/exports/",
        segment_exports.SegmentExports.as_view(),
        name="segment_exports",
    ),
    path(
        "segment-exports/<int:pk>/file/",
        segment_exports.SegmentExportFile.as_view(),
        name="segment_export_file",
    ),
    path("jobs/<int:pk>/", jobs.JobDetail.as_view(), name="job_detail"),
    path("jobs/<int:pk>/cancel/", jobs.JobCancel.as_view(), name="job_cancel"),
]
