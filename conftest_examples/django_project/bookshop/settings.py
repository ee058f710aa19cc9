TIME_ZONE = "UTC"
SECRET_KEY = "made-up-key-of-the-bookshop"
INSTALLED_APPS = ["bookshop"]
ROOT_URLCONF = "bookshop.urls"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
QUICKBLOX_TOKEN = "made-up-token-of-the-bookshop"
