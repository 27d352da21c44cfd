"""Settings, all of them. Values come from the environment (see the table in README.md)."""

from pathlib import Path
from typing import Any

import structlog
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from config import env, logs

BASE_DIR = Path(__file__).resolve().parent.parent
DEMO = env.DEMO
DEBUG = env.flag("DEBUG")

SECRET_KEY = env.secret("SECRET_KEY", demo="demo-secret-key-for-one-machine-only-0123456789abcdef")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]" if DEMO else "")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")

# WhatsApp. Two app secrets, comma separated, while one replaces the other.
WHATSAPP_APP_SECRETS = env.secrets("WHATSAPP_APP_SECRET", demo="demo-app-secret")
WHATSAPP_VERIFY_TOKEN = env.secret("WHATSAPP_VERIFY_TOKEN", demo="demo-verify-token")
# The platform's Meta app: samples of templates with a picture, a video or a document are uploaded to it.
WHATSAPP_APP_ID = env.text("WHATSAPP_APP_ID", "900000000000009" if DEMO else "")
WHATSAPP_GRAPH_URL = env.text("WHATSAPP_GRAPH_URL", "https://graph.facebook.com").rstrip("/")
WHATSAPP_GRAPH_VERSION = env.text("WHATSAPP_GRAPH_VERSION", "v26.0")
# Fernet keys, newest first: the first encrypts, all decrypt.
TOKEN_ENCRYPTION_KEYS = env.secrets(
    "TOKEN_ENCRYPTION_KEYS", demo="ZGVtby1rZXktZm9yLW9uZS1tYWNoaW5lLW9ubHktMDE="
)

# How long an answer that may or may not have left waits for its receipt before a person is asked.
UNCONFIRMED_GRACE_SECONDS = env.integer("UNCONFIRMED_GRACE_SECONDS", 120)
# Raw webhooks and their ledger hold customers' words and are forgotten after this.
WEBHOOK_RETENTION_DAYS = env.integer("WEBHOOK_RETENTION_DAYS", 30)
# A send whose worker died is settled after this; longer than any call (whatsapp.transport.LONGEST_CALL_SECONDS).
SEND_LEASE_SECONDS = env.integer("SEND_LEASE_SECONDS", 100)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "accounts.apps.PlatformAdminConfig",
    "channels",
    "django_htmx",
    "template_partials",
    "allauth",
    "allauth.account",
    "csp",
    "accounts.apps.AccountsConfig",
    "phonebook",
    "templates_wa",
    "inbox",
    "campaigns",
    "webhooks",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.WorkspaceMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context.workspace",
                "inbox.context.rail",
            ],
            "builtins": ["django.templatetags.i18n"],
        },
    }
]

# The app's login may neither own tables nor skip row-level security; the owner's only migrates.
DATABASES: dict[str, Any] = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        **env.database("DATABASE_URL"),
        # A restart of PostgreSQL leaves dead connections in the pool: noticed before use, not by a failed page.
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            **env.database_options("DATABASE_URL"),
            # One stuck row must not hold every connection, and with them every other workspace.
            "options": "-c lock_timeout=5s -c statement_timeout=60s -c idle_in_transaction_session_timeout=60s",
            "pool": {
                "min_size": env.integer("DATABASE_POOL_MIN", 2),
                "max_size": env.integer("DATABASE_POOL_MAX", 16),
            },
        },
    }
}
if env.given("DATABASE_OWNER_URL"):
    # Only where migrations run: `manage.py migrate --database owner`.
    DATABASES["owner"] = {
        "ENGINE": "django.db.backends.postgresql",
        **env.database("DATABASE_OWNER_URL"),
        "OPTIONS": env.database_options("DATABASE_OWNER_URL"),
    }
DATABASE_ROUTERS = ["accounts.tenancy.OwnerMigrates"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DISABLE_SERVER_SIDE_CURSORS = True

REDIS_URL = env.text("REDIS_URL")
# Counts failed logins. Redis being away must lock nobody out, so this backend forgives.
CACHES = {
    "default": {
        "BACKEND": "config.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "inbox",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }
}
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "celery"
CELERY_TASK_ROUTES = {
    "webhooks.tasks.drain": {"queue": "events"},
    "inbox.tasks.deliver": {"queue": "replies"},
    # A queue and a worker of their own: however many are at work, an agent's reply does not stand behind them.
    "campaigns.tasks.expand": {"queue": "campaigns"},
    "campaigns.tasks.send_slice": {"queue": "campaigns"},
    "phonebook.tasks.advance": {"queue": "campaigns"},
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# A publish happens inside a request or after a commit: give up at once, the sweep finds the row.
# Without max_retries kombu would try for six seconds, and the agent would wait for it.
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 2, "socket_timeout": 5, "max_retries": 0}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BEAT_SCHEDULE = {
    "drain webhooks": {"task": "webhooks.tasks.drain", "schedule": 2.0, "options": {"expires": 4}},
    "rematch receipts": {"task": "webhooks.tasks.rematch", "schedule": 5.0, "options": {"expires": 8}},
    "sweep deliveries": {"task": "inbox.tasks.sweep", "schedule": 3.0, "options": {"expires": 6}},
    "forget webhooks": {"task": "webhooks.tasks.forget", "schedule": 3600.0, "options": {"expires": 3000}},
    "compact": {"task": "inbox.tasks.compact", "schedule": 15.0, "options": {"expires": 30}},
    "sweep campaigns": {"task": "campaigns.tasks.sweep", "schedule": 2.0, "options": {"expires": 4}},
    "sweep checks": {"task": "accounts.tasks.sweep", "schedule": 10.0, "options": {"expires": 20}},
    "sweep imports": {"task": "phonebook.tasks.sweep", "schedule": 5.0, "options": {"expires": 10}},
    "sweep syncs": {"task": "templates_wa.tasks.sweep", "schedule": 5.0, "options": {"expires": 10}},
    "sync templates": {"task": "templates_wa.tasks.nightly", "schedule": crontab(hour="1", minute="30")},
}

# People
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "accounts.adapter.InviteOnlyAdapter"
ACCOUNT_FORMS = {"login": "accounts.forms.LoginForm"}
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# Failed logins are limited per account and per address; behind a proxy the address is in X-Forwarded-For.
ALLAUTH_TRUSTED_PROXY_COUNT = env.integer("TRUSTED_PROXY_COUNT", 0)
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
EMAIL_BACKEND = env.text(
    "EMAIL_BACKEND",
    "django.core.mail.backends.console.EmailBackend"
    if DEMO
    else "django.core.mail.backends.smtp.EmailBackend",
)
EMAIL_HOST = env.text("EMAIL_HOST", "localhost")
EMAIL_PORT = env.integer("EMAIL_PORT", 25)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS")
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "inbox@localhost")

# Language and time
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ar", _("Arabic"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_AGE = 31_536_000
LANGUAGE_COOKIE_SAMESITE = "Lax"
USE_TZ = True
TIME_ZONE = "UTC"

# Files
STATIC_URL = "static/"
# One machine serves its sources straight away; production collects and hashes them in its image.
STATIC_ROOT = None if DEMO or DEBUG else BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "config" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
if DEMO or DEBUG:
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    WHITENOISE_USE_FINDERS = True
    WHITENOISE_AUTOREFRESH = True  # a file edited while the demo runs is served as it is now
    WHITENOISE_MAX_AGE = 60

# Security
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "blob:"],
        "media-src": [SELF, "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
if not (DEMO or DEBUG):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", default=True)
    SECURE_HSTS_SECONDS = env.integer("SECURE_HSTS_SECONDS", 31_536_000)
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True

# Logs: one line of JSON an event in production, readable on one machine. Never a body, never a token (logs.py).
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": logs.formatter, "readable": DEMO or DEBUG}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {
        # Django's own default is silent without DEBUG: an error page would leave no trace.
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        # Not every path that somebody tried: only our own errors.
        "django.request": {"level": "ERROR"},
        # Only `runserver` writes it, every path.
        "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
    },
}
structlog.configure(
    processors=logs.steps(readable=DEMO or DEBUG), logger_factory=structlog.WriteLoggerFactory()
)
