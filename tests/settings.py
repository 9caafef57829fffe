"""The settings of a test run: the installation's own, on servers started for the run.

The servers must run before config.settings is read, therefore the import comes first.
"""

import tests.services  # noqa: F401
from config.settings import *  # noqa: F403

# Hashing passwords is slow on purpose, and hundreds of tests sign in.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
