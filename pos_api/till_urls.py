from django.urls import path

from pos_api.views.till import TillPage, TillTerminals, TillTexts, TillWorker

app_name = "till"
urlpatterns = [
    path("", TillPage.as_view(), name="till"),
    path("terminals/", TillTerminals.as_view(), name="terminals"),
    path("worker.js", TillWorker.as_view(), name="worker"),
    path("texts.js", TillTexts.as_view(), name="texts"),
]
