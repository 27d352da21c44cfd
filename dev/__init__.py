"""One-machine conveniences: embedded PostgreSQL and Valkey, the demo, Chromium for the tests.

Nothing that runs in production imports this package.
"""
