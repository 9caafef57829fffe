from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MessagingConfig(AppConfig):
    name = "messaging"
    verbose_name = _("Messages")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from anymail.signals import tracking

        from messaging import job_kinds  # noqa: F401
        from messaging.anymail_reports import receive_tracking

        # The interface of a library, not a way to connect our own code.
        tracking.connect(receive_tracking, dispatch_uid="messaging")
