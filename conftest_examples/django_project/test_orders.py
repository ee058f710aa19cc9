"""A Django project: a view that posts once its transaction is committed, in Django's own `TestCase`.

A `TestCase` takes the fixture through an autouse fixture of the class. Its transaction is never committed, so
`captureOnCommitCallbacks` runs what waits for the commit. `setUpTestData` runs before the fixture starts, so code that
posts does not belong there. docs/recipes.md shows a `TestCase` for `manage.py test`, and Celery.
"""

import pytest

pytest.importorskip("django", reason="this example needs Django")

import requests
from django.conf import settings
from django.test import TestCase

from bookshop.models import Order


class ShippingTests(TestCase):
    @pytest.fixture(autouse=True)
    def _chat(self, qbchat, customer):
        self.qbchat, self.customer = qbchat, customer
        shop = qbchat.add_user(full_name="The Bookshop")
        qbchat.add_session(settings.QUICKBLOX_TOKEN, shop)
        self.order = Order.objects.create(title="Emma", dialog_id=qbchat.add_dialog(occupants_ids=[shop, customer]).id)

    def ship(self, **form):
        with self.captureOnCommitCallbacks(execute=True):
            return self.client.post(f"/orders/{self.order.pk}/ship", form)

    def test_the_customer_is_told(self):
        assert self.ship(parcel="7").status_code == 204

        self.qbchat.assert_posted(message="“Emma” has shipped").assert_delivered_to(self.customer)

    def test_an_order_that_has_shipped_is_not_announced_again(self):
        self.ship(parcel="7")
        assert self.ship(parcel="8").status_code == 404

        self.qbchat.assert_posted(times=1)

    def test_nothing_is_posted_before_the_commit(self):
        with self.captureOnCommitCallbacks():
            self.client.post(f"/orders/{self.order.pk}/ship", {"parcel": "7"})

        self.qbchat.assert_nothing_posted()

    def test_nothing_is_posted_after_a_rollback(self):
        with pytest.raises(ValueError, match="an order is shipped in a parcel"):
            self.ship()

        self.qbchat.assert_nothing_posted()
        self.order.refresh_from_db()
        assert not self.order.shipped

    def test_an_order_stays_shipped_while_quickblox_is_busy(self):
        self.qbchat.fail(503)
        with pytest.raises(requests.HTTPError, match="503"):
            self.ship(parcel="7")

        self.order.refresh_from_db()
        assert self.order.shipped
