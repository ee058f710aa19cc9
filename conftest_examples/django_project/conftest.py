import importlib.util
import os
from collections.abc import Iterator

import pytest
from pytest_qbchat import FakeQuickBlox, User

if importlib.util.find_spec("django"):
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bookshop.settings")
    django.setup()


@pytest.fixture(scope="session", autouse=True)
def database() -> Iterator[None]:
    """Create the database for tests. A project with pytest-django needs neither this fixture nor the lines above."""
    from django.test.utils import (  # noqa: PLC0415 - without Django, all tests are skipped
        setup_databases,
        setup_test_environment,
        teardown_databases,
        teardown_test_environment,
    )

    setup_test_environment()
    databases = setup_databases(verbosity=0, interactive=False)
    yield
    teardown_databases(databases, verbosity=0)
    teardown_test_environment()


@pytest.fixture
def customer(qbchat: FakeQuickBlox) -> User:
    return qbchat.add_user(full_name="Rita Reader")
