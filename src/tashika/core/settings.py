"""Django's settings, made from `core.config`."""

from tashika.core import config, logs

SECRET_KEY = config.secret_key()
DEBUG = config.get("debug") == "1"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *[h for h in config.get("allowed_hosts").split(",") if h]]
ROOT_URLCONF = "tashika.web.root_urls"
ASGI_APPLICATION = "tashika.web.asgi.application"

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "procrastinate.contrib.django",
    "tashika.core.apps.CoreConfig",
    "tashika.accounts.apps.AccountsConfig",
    "tashika.contents.apps.ContentsConfig",
    "tashika.people.apps.PeopleConfig",
    "tashika.activity.apps.ActivityConfig",
    "tashika.audiences.apps.AudiencesConfig",
    "tashika.mails.apps.MailsConfig",
    "tashika.delivery.apps.DeliveryConfig",
    "tashika.delivery.bounces.apps.BouncesConfig",
    "tashika.scenarios.apps.ScenariosConfig",
    "tashika.scenarios.webhooks.apps.WebhooksConfig",
    "tashika.safeguards.apps.SafeguardsConfig",
    "tashika.web.apps.WebConfig",
    "tashika.public.apps.PublicConfig",
    "tashika.api.apps.ApiConfig",
    "tashika.cli.apps.CliConfig",
]

MIDDLEWARE = [
    "tashika.web.requests.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "tashika.web.static_files.StaticFilesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "tashika.web.middleware.LanguageMiddleware",
    "tashika.web.middleware.ErrorMiddleware",
    "tashika.web.middleware.StorableMiddleware",
    "tashika.web.middleware.SecurityHeadersMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tashika.web.context.shell",
            ],
            "builtins": ["tashika.web.templatetags.tashika"],
        },
    }
]


# A database that a network has swallowed is given up within half a minute (kernels by themselves wait for hours): what
# waits for it ends, and a sender takes its place again. Words of libpq in DATABASE_URL go first; milliseconds
# for tcp_user_timeout, else seconds. Unix sockets know none of it.
_LOST_WITHIN = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


def _database() -> dict[str, object]:
    from psycopg.conninfo import conninfo_to_dict

    parts = {**_LOST_WITHIN, **conninfo_to_dict(config.database_url())}
    options: dict[str, object] = {
        k: v for k, v in parts.items() if k not in ("dbname", "user", "password", "host", "port")
    }
    options["pool"] = {"min_size": 1, "max_size": 24, "timeout": 20}
    options["application_name"] = "tashika"
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.get("dbname", "tashika"),
        "USER": parts.get("user", ""),
        "PASSWORD": parts.get("password", ""),
        "HOST": parts.get("host", ""),
        "PORT": parts.get("port", ""),
        "OPTIONS": options,
    }


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/"

LANGUAGE_CODE = config.get("language")
LANGUAGES = [("ja", "日本語"), ("en", "English")]
TIME_ZONE = config.get("time_zone")
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
FILE_UPLOAD_TEMP_DIR = None
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
_HTTPS = config.base_url().startswith("https://")
SESSION_COOKIE_SECURE = _HTTPS
CSRF_COOKIE_SECURE = _HTTPS
CSRF_TRUSTED_ORIGINS = [config.base_url()] if _HTTPS else []
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _HTTPS else None

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LOGGING = logs.configuration()
