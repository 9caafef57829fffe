"""Campaigns, their associations and categories, price markdowns, promotional code pools."""

from django.urls import URLPattern, path

from campaigns.models import Campaign
from pos_api.views import (
    associations,
    backtests,
    campaign_checks,
    campaign_revisions,
    campaigns,
    jobs,
    markdown_items,
    markdowns,
    promo_codes,
)
from pos_api.views import campaign_categories as categories
from pos_api.views import promo_code_pools as pools
from pos_api.views.document_views import document_paths
from pos_api.views.policy import PolicyHistoryView, PolicyView
from pos_api.views.reviews import review_paths

urlpatterns: list[URLPattern] = [
    path("company/policy/", PolicyView.as_view(), name="policy"),
    path("company/policy/history/", PolicyHistoryView.as_view(), name="policy_history"),
    path("campaigns/", campaigns.CampaignsView.as_view()),
    path("campaigns/check/", campaign_checks.CampaignCheckView.as_view()),
    path("campaigns/<str:code>/", campaigns.CampaignView.as_view()),
    path("campaigns/<str:code>/publish/", campaigns.PublishView.as_view()),
    *review_paths("campaigns", Campaign, tag="Campaigns"),
    path("campaigns/<str:code>/pause/", campaigns.PauseView.as_view()),
    path("campaigns/<str:code>/resume/", campaigns.ResumeView.as_view()),
    path("campaigns/<str:code>/revisions/", campaign_revisions.RevisionsView.as_view()),
    *document_paths(associations.RESOURCE),
    *document_paths(markdowns.RESOURCE),
    path("markdowns/<str:code>/items/", markdown_items.MarkdownItemsView.as_view()),
    path("markdowns/<str:code>/export/", markdown_items.MarkdownExportView.as_view()),
    path("campaign-categories/", categories.CampaignCategoriesView.as_view()),
    path("campaign-categories/<str:code>/", categories.CampaignCategoryView.as_view()),
    path("promo-code-pools/", pools.PromoCodePoolsView.as_view()),
    path("promo-code-pools/<str:code>/", pools.PromoCodePoolView.as_view()),
    path("promo-code-pools/<str:code>/deactivate/", pools.DeactivateView.as_view()),
    path("promo-code-pools/<str:code>/activate/", pools.ActivateView.as_view()),
    path("promo-code-pools/<str:code>/extend/", pools.ExtendView.as_view()),
    path("promo-code-pools/<str:code>/export/", pools.ExportView.as_view()),
    path("promo-code-pools/<str:code>/generate/", promo_codes.GenerateView.as_view()),
    path("promo-code-pools/<str:code>/generate-for-members/", promo_codes.GenerateForMembersView.as_view()),
    path("promo-code-pools/<str:code>/import/", promo_codes.ImportView.as_view()),
    path("promo-code-pools/<str:code>/imports/<int:pk>/refused/", promo_codes.ImportRefusedView.as_view()),
    path("promo-code-pools/<str:code>/codes/", promo_codes.CodesView.as_view()),
    path("promo-code-pools/<str:code>/codes/<str:word>/", promo_codes.CodeView.as_view()),
    path("backtests/", backtests.BacktestsView.as_view()),
    path("backtests/<int:pk>/", backtests.BacktestView.as_view()),
    path("backtests/<int:pk>/cancel/", backtests.CancelBacktestView.as_view()),
    path("jobs/", jobs.JobsView.as_view()),
    path("jobs/<int:pk>/", jobs.JobView.as_view()),
    path("jobs/<int:pk>/cancel/", jobs.CancelJobView.as_view()),
]
