"""Settings. What differs between installations comes from the environment; docs/operator.md lists it."""

from __future__ import annotations

import environ
from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from fixtures.recipes.masked import MASKED
from questionbank.config.places import (
    HOME,
    assurance,
    data_folder,
    run_folder,
    state_folder,
    toolchain_folders,
)
from questionbank.config.secret import secret_key

env = environ.Env()

VAR = state_folder()
RUN = run_folder(VAR)
VERSION_STORE = VAR / "versions"
DRAFTS_ROOT = VAR / "drafts"
DRAFTS_ROOT.mkdir(mode=0o700, exist_ok=True)
IMPORTS_ROOT = VAR / "imports"
IMPORTS_ROOT.mkdir(mode=0o700, exist_ok=True)
DATA_ROOT = data_folder(VAR)
BUILDS_ROOT = VAR / "builds"
SANDBOX_SOCKET = RUN / "sandbox.sock"
BROKER_SOCKET = RUN / "broker.sock"
REDIS_URL: str = env.str("REDIS_URL", f"unix://{BROKER_SOCKET}")
JAIL_MASKED = MASKED
TOOLCHAINS = toolchain_folders()
ASSURANCE = assurance()
DEMO: bool = env.bool("TOUCHSTONE_DEMO", False)

JUDGING_LEASE_S = 20.0
"""A worker that judges says so every few seconds; silent for this long, it counts as lost."""
JUDGING_RETRY_S = 3.0
"""The wait before judging is tried again after a failure of ours; it triples each time."""
JUDGING_PATIENCE_S = 120.0
"""A submission that no worker has taken for this long is sent again: the broker may have lost it."""

JUDGE_URL: str = env.str("TOUCHSTONE_JUDGE_URL", "")
JUDGE_KEY: str = env.str("TOUCHSTONE_JUDGE_KEY", "")
JUDGE_MODEL: str = env.str("TOUCHSTONE_JUDGE_MODEL", "")
JUDGE_BUDGET: int = env.int("TOUCHSTONE_JUDGE_BUDGET", 2000)
JUDGE_TIMEOUT_S: float = env.float("TOUCHSTONE_JUDGE_TIMEOUT_S", 60.0)

DEBUG = False
SECRET_KEY = env.str("SECRET_KEY", "") or secret_key(VAR / "secret_key")
# The site's own names; this machine always reaches it, for `make up` asks it whether it serves.
ALLOWED_HOSTS: list[str] = [*env.list("ALLOWED_HOSTS", default=[]), "localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "questionbank.apps.QuestionBankConfig",
    "grader.apps.GraderConfig",
    "interviews.apps.InterviewsConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "csp",
    "django_htmx",
    "rest_framework",
    "knox",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
MIDDLEWARE = [
    "questionbank.requests.RefuseNul",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "questionbank.config.urls"
ASGI_APPLICATION = "questionbank.config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {"default": env.db_url("DATABASE_URL", f"sqlite:///{VAR / 'db.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Writers queue from their first statement, so that none fails half-way for want of the lock.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

# An answer and an input of 256 KiB each, every character of them written as an escape, and more.
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024

AUTH_USER_MODEL = "questionbank.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
LOGIN_REDIRECT_URL = "/problems/"
LOGIN_URL = "account_login"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [HOME / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATIC_ROOT = VAR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [HOME / "frontend" / "dist"]
# The built files are served from where they lie: set-up has no collecting step.
WHITENOISE_USE_FINDERS = True

_SECURE: bool = env.bool("TOUCHSTONE_HTTPS", False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _SECURE
SESSION_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = _SECURE
SECURE_HSTS_SECONDS = 31_536_000 if _SECURE else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _SECURE else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    name: [] for name in ("camera", "geolocation", "microphone", "payment", "usb")
}

# How many proxies stand before us. Whoever comes through none must not choose the address that is counted.
_PROXIES: int = env.int("TOUCHSTONE_PROXIES", int(_SECURE))
ALLAUTH_TRUSTED_PROXY_COUNT = _PROXIES

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "questionbank.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["questionbank.api.parsing.DeepJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "questionbank.api.pagination.Pages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.ScopedRateThrottle"],
    "NUM_PROXIES": _PROXIES,
    "DEFAULT_THROTTLE_RATES": {
        "login": "10/min",
        "submit": env.str("TOUCHSTONE_SUBMIT_RATE", "60/min"),
        "run": env.str("TOUCHSTONE_RUN_RATE", "60/min"),
    },
    "EXCEPTION_HANDLER": "questionbank.api.problems_json.handle",
}
REST_KNOX = {"TOKEN_TTL": None, "AUTO_REFRESH": False}
SPECTACULAR_SETTINGS = {
    "TITLE": "Touchstone",
    "DESCRIPTION": "Problems, submissions with live verdicts, and question sets with results.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    # A reviewer's mark knows no "unsure".
    "ENUM_NAME_OVERRIDES": {
        "PointLevelEnum": ["met", "partly", "not_met", "unsure"],
        "VerdictEnum": ["AC", "WA", "TLE", "MLE", "OLE", "RE", "CE", "IE"],
        "MetricStateEnum": ["pass", "fail", "borderline"],
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "grader.api.schema.describe_streams",
        "questionbank.api.schema.describe_errors",
    ],
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", "INFO")},
    # It would write a line for every call.
    "loggers": {"httpx": {"level": "WARNING"}},
}
