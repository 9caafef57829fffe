"""The pages of the installation as a whole: sign-in, overview, profile, search."""

from django.urls import path

from config.views.dashboard import Dashboard
from config.views.profile import PasswordChange, Profile, Theme
from config.views.search import Search
from config.views.sign_in import SignIn, SignOut

app_name = "config"

urlpatterns = [
    path("", Dashboard.as_view(), name="dashboard"),
    path("sign-in/", SignIn.as_view(), name="sign_in"),
    path("sign-out/", SignOut.as_view(), name="sign_out"),
    path("profile/", Profile.as_view(), name="profile"),
    path("profile/password/", PasswordChange.as_view(), name="password_change"),
    path("profile/theme/", Theme.as_view(), name="theme"),
    path("search/", Search.as_view(), name="search"),
]
