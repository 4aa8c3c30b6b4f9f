"""Fixtures shared by all the tests."""

pytest_plugins = ["services.socle.testing", "services.socle.testing_postgres"]
