from django.apps import AppConfig


class ProjectConfig(AppConfig):
    """Registers what belongs to the installation as a whole: system checks and the broker connection."""

    name = "config"

    def ready(self) -> None:
        from config import celery, checks  # noqa: F401
