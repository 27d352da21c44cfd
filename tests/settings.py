"""The product's settings with a fast password hasher; everything else is real.

tests/plugin.py starts the services and says where they are; without it (the type checker) nothing is connected to.
"""

import os

os.environ.setdefault("DEMO", "1")
os.environ.setdefault("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/nothing")
os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:9/0")

from config.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
