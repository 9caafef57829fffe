from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PosApiConfig(AppConfig):
    name = "pos_api"
    verbose_name = _("POS API")
    default_auto_field = "django.db.models.BigAutoField"
