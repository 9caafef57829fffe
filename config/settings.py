"""The settings of an installation. Everything that differs between machines comes from the environment.

docs/operations.md lists every variable. Two modes: `development` (the default; plain HTTP on this machine
only) and `production` (HTTPS, no default secrets: the process refuses to start with one).
"""

import hashlib
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config.environment import (
    BASE_DIR,
    Environment,
    parse_database_url,
    parse_email_url,
    parse_redis_url,
    provider_of_email,
)

env = Environment()

PRODUCTION = env.choice("FIEL_ENV", "development", ("development", "production")) == "production"
DEBUG = env.flag("FIEL_DEBUG") and not PRODUCTION
# Shows sample data and imitates the message providers. Never together with real accounts (config/checks.py).
DEMO = env.flag("FIEL_DEMO")

# --- Secrets -------------------------------------------------------------------------------------

DEVELOPMENT_SECRET = "insecure-development-secret-of-this-machine-only"  # noqa: S105


def _secret(name: str) -> str:
    value = env.text(name, "" if PRODUCTION else DEVELOPMENT_SECRET)
    if PRODUCTION and (len(value) < 32 or value == DEVELOPMENT_SECRET):
        raise ImproperlyConfigured(
            f"{name} must be set to a random text of at least 32 characters in production. "
            f"Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    return value


SECRET_KEY = _secret("FIEL_SECRET_KEY")
SECRET_KEY_FALLBACKS = env.words("FIEL_SECRET_KEY_FALLBACKS")
# Terminal keys and tokens are stored as HMAC(secret, pepper): a stolen database opens no till.
KEY_PEPPER = _secret("FIEL_KEY_PEPPER")

# --- Addresses -----------------------------------------------------------------------------------

# The address that customers and providers reach; links in messages and webhook signatures are made of it.
PUBLIC_URL = env.text("PUBLIC_URL", "http://localhost:8000").rstrip("/")
_public = urlsplit(PUBLIC_URL)
if _public.scheme not in ("http", "https") or not _public.hostname:
    raise ImproperlyConfigured(f"PUBLIC_URL must look like https://fiel.example.com, not {PUBLIC_URL!r}.")

ALLOWED_HOSTS = list(
    dict.fromkeys(["localhost", "127.0.0.1", "[::1]", _public.hostname, *env.words("FIEL_ALLOWED_HOSTS")])
)
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]
# How many proxies of ours stand in front; the client's address is read that many hops from the right.
TRUSTED_PROXIES = env.number("FIEL_TRUSTED_PROXIES", 0)

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/sign-in/"
APPEND_SLASH = True

# --- Applications --------------------------------------------------------------------------------

INSTALLED_APPS = [
    "config.apps.ProjectConfig",
    "pos_api",
    "messaging",
    "campaigns",
    "loyalty",
    "customers",
    "retail",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_htmx",
    "csp",
    "axes",
    "anymail",
]

MIDDLEWARE = [
    "config.health.ProbeMiddleware",
    "config.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context_processors.back_office",
            ],
        },
    },
]

# Forms are drawn by templates/components/form.html and field.html.
FORM_RENDERER = "retail.views.renderer.FormRenderer"

# --- Data ----------------------------------------------------------------------------------------

DATABASES = {
    "default": {
        **parse_database_url(env.text("DATABASE_URL", "postgresql://fiel@localhost/fiel")),
        # Connections live as long as their process. One that broke is replaced after the request that
        # noticed; a probe before each request would cost every basket a round trip.
        "CONN_MAX_AGE": None,
        # Cursors that outlive a transaction do not survive connection pooling.
        "DISABLE_SERVER_SIDE_CURSORS": True,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Broker and cache only: losing all of it loses no effect and repeats none.
CELERY_BROKER_URL, _cache_url = parse_redis_url(env.text("REDIS_URL", "redis://localhost:6379/0"))
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": _cache_url,
        "KEY_PREFIX": "fiel",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

# --- Language, time, numbers ---------------------------------------------------------------------

LANGUAGES = [("pt-br", _("Portuguese (Brazil)")), ("en", _("English"))]
LANGUAGE_CODE = env.choice("FIEL_LANGUAGE", "pt-br", ("pt-br", "en"))
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
# Stored in UTC; shown in the store's zone, or in this one where no store is meant.
USE_TZ = True
TIME_ZONE = env.text("FIEL_TIME_ZONE", "America/Sao_Paulo")
# Separators would also get into URLs and data attributes; money has its own filters.
USE_THOUSAND_SEPARATOR = False

# --- Static files --------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.text("FIEL_STATIC_ROOT", str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        # Names with a hash and compressed copies need `collectstatic`; development serves files as they lie.
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = not PRODUCTION

# --- Sign-in and security ------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_LOCKOUT_CALLABLE = "config.views.sign_in.locked_out"

SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
if PRODUCTION:
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = env.flag("FIEL_SSL_REDIRECT", default=True)
    # Tills must never be redirected from http: they would have sent their key in clear already.
    SECURE_REDIRECT_EXEMPT = [r"^api/"]
    SECURE_HSTS_SECONDS = env.number("FIEL_HSTS_SECONDS", 31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    if TRUSTED_PROXIES:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

# --- API -----------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "pos_api.openapi.Schema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "pos_api.authentication.TerminalAuthentication",
        "pos_api.authentication.TokenAuthentication",
        "pos_api.authentication.BackOfficeAuthentication",
    ],
    "EXCEPTION_HANDLER": "pos_api.errors.exception_handler",
    "UNAUTHENTICATED_USER": None,
}
CSRF_FAILURE_VIEW = "pos_api.errors.csrf_failure"
# How long an Idempotency-Key is remembered; the ticket of a sale protects it for ever.
IDEMPOTENCY_KEY_DAYS = env.number("FIEL_IDEMPOTENCY_KEY_DAYS", 30)
# How long after a look-up the terminals of a store may complete the customer's data.
COUNTER_MINUTES = env.number("FIEL_COUNTER_MINUTES", 60)
# A sale may be committed on the plan it was evaluated with for this long after the plan was replaced.
PLAN_GRACE_HOURS = env.number("FIEL_PLAN_GRACE_HOURS", 12)
# A campaign that takes this share off a purchase, in percent, alone or with others, is pointed out to who publishes it.
DISCOUNT_WARNING_PERCENT = env.number("FIEL_DISCOUNT_WARNING_PERCENT", 50)
# Wrong credentials from one address; a right one always passes.
FAILED_AUTHENTICATIONS_PER_MINUTE = env.number("FIEL_FAILED_AUTHENTICATIONS_PER_MINUTE", 20)
# Requests a minute for one terminal; 0 is no limit.
TERMINAL_REQUESTS_PER_MINUTE = env.number("FIEL_TERMINAL_REQUESTS_PER_MINUTE", 0)
SPECTACULAR_SETTINGS = {
    "TITLE": "Fiel",
    "DESCRIPTION": "Promotions and loyalty: evaluate baskets, record sales, manage campaigns.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # Drawing every model and operation at once keeps a browser busy for seconds.
    "SWAGGER_UI_SETTINGS": {
        "docExpansion": "none",
        "defaultModelsExpandDepth": -1,
        "filter": True,
        "displayRequestDuration": True,
    },
    "COMPONENT_SPLIT_REQUEST": True,
    # Enumerations are written where they stand; the types come from msgspec, not from serializers.
    "POSTPROCESSING_HOOKS": ["pos_api.webhook_schema.add_webhooks"],
    "SORT_OPERATIONS": False,
}

# --- Messages ------------------------------------------------------------------------------------

DEFAULT_FROM_EMAIL = env.text("FIEL_FROM_EMAIL", f"Fiel <no-reply@{_public.hostname}>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_TIMEOUT = 15
_email = parse_email_url(env.text("EMAIL_URL", "local:" if DEMO else "console:"))
globals().update(_email)
ANYMAIL: dict[str, object] = {**env.with_prefix("ANYMAIL_")}
if ANYMAIL.get("WEBHOOK_SECRET"):
    # Two at once while the password is changed at the provider.
    ANYMAIL["WEBHOOK_SECRET"] = env.words("ANYMAIL_WEBHOOK_SECRET")
# Whose reports on e-mails are taken: the provider's that sends them, or who stands behind an SMTP server.
EMAIL_REPORTS = env.words("FIEL_EMAIL_REPORTS") or provider_of_email(_email["EMAIL_BACKEND"])
# From where; empty: from everywhere, with the password. Postmark and Brevo sign nothing, and publish their networks.
EMAIL_REPORT_NETWORKS = env.networks("FIEL_EMAIL_REPORT_NETWORKS")

TWILIO_ACCOUNT_SID = env.text("TWILIO_ACCOUNT_SID")
TWILIO_AUTH_TOKEN = env.text("TWILIO_AUTH_TOKEN")
TWILIO_MESSAGING_SERVICE_SID = env.text("TWILIO_MESSAGING_SERVICE_SID")
TWILIO_WHATSAPP_FROM = env.text("TWILIO_WHATSAPP_FROM")
# Where Twilio's HTTP interface is imitated; empty means the real one.
TWILIO_API_BASE = env.text("TWILIO_API_BASE").rstrip("/")

# Ports that webhooks may call beside 443.
WEBHOOK_PORTS = {443, *env.numbers("FIEL_WEBHOOK_PORTS")}
# How long what was told, and every call for it, stays in the log of webhooks.
WEBHOOK_LOG_DAYS = env.number("FIEL_WEBHOOK_LOG_DAYS", 30)

# An account that Twilio never gave to anybody: that of the imitated provider (messaging/local/twilio.py).
IMITATED_ACCOUNT = "AC" + "0" * 32

if DEMO:
    # Sample customers have invented numbers and addresses, and they may belong to somebody.
    if TWILIO_ACCOUNT_SID or TWILIO_AUTH_TOKEN or env.text("EMAIL_URL", "local:") != "local:":
        raise ImproperlyConfigured(
            "FIEL_DEMO=1 shows invented customers, and EMAIL_URL or TWILIO_ACCOUNT_SID would really write to people. "
            "Set FIEL_DEMO=0, or unset the providers."
        )
    TWILIO_ACCOUNT_SID = IMITATED_ACCOUNT
    TWILIO_AUTH_TOKEN = hashlib.sha256(f"local provider {KEY_PEPPER}".encode()).hexdigest()[:32]
    TWILIO_MESSAGING_SERVICE_SID = "MG" + "0" * 32
    TWILIO_WHATSAPP_FROM = "+5511900000000"
    TWILIO_API_BASE = TWILIO_API_BASE or f"{PUBLIC_URL}/_local/twilio"
else:
    # Messages would be recorded as sent, and nobody would get them.
    if urlsplit(env.text("EMAIL_URL")).scheme == "local":
        raise ImproperlyConfigured(
            "EMAIL_URL=local: keeps e-mails in the inbox of a demonstration, and FIEL_DEMO is off. Name a real provider."
        )
    # The token of a real account belongs to nobody but Twilio.
    if TWILIO_API_BASE and TWILIO_ACCOUNT_SID not in ("", IMITATED_ACCOUNT):
        raise ImproperlyConfigured(
            "TWILIO_API_BASE leads to an imitation of Twilio, and TWILIO_ACCOUNT_SID is a real account. Unset one of them."
        )

# --- Logs and measurements -------------------------------------------------------------------------

# Opens /metrics to who sends it; empty keeps the page closed.
METRICS_TOKEN = env.text("FIEL_METRICS_TOKEN")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "config.logs.RequestIdFilter"},
        "codes": {"()": "config.logs.CodeFilter"},
    },
    "formatters": {
        "text": {"format": "{levelname} {name} [{request_id}] {message}", "style": "{"},
        "json": {"()": "config.logs.JsonFormatter"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "filters": ["request_id", "codes"],
            "formatter": env.choice("FIEL_LOG_FORMAT", "text", ("text", "json")),
        }
    },
    "root": {"handlers": ["stderr"], "level": env.text("FIEL_LOG_LEVEL", "INFO").upper()},
    "loggers": {
        # "Not found" and "forbidden" are answers, not events for the operator.
        "django.request": {"level": "ERROR"},
        "django.server": {"level": "WARNING"},
        # Scanners call by address all day; they are answered with 400.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        # It writes every request down, whose outcome is a row already.
        "twilio.http_client": {"level": "WARNING"},
        # It says at each start that it cannot draw pictures; we draw none with it.
        "pyBarcode": {"level": "WARNING"},
        # Every job ticks every minute; a line for each would bury the others.
        "celery": {"level": "WARNING"},
        "axes": {"level": "WARNING"},
    },
}
