"""Points programs and stamp plans."""

from django.urls import URLPattern, path

from pos_api.views.programs import ProgramListView, ProgramView, StampPlanListView, StampPlanView

urlpatterns: list[URLPattern] = [
    path("programs/", ProgramListView.as_view(), name="programs"),
    path("programs/<str:code>/", ProgramView.as_view(), name="program"),
    path("stamp-plans/", StampPlanListView.as_view(), name="stamp_plans"),
    path("stamp-plans/<str:code>/", StampPlanView.as_view(), name="stamp_plan"),
]
