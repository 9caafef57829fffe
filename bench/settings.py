"""The settings of an installation, with nothing but the bare view: what endpoints are held against."""

from config.settings import *  # noqa: F403

MIDDLEWARE: list[str] = []
ROOT_URLCONF = "bench.echo"
