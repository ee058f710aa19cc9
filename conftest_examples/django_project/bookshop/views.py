from functools import partial

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from bookshop import chat
from bookshop.models import Order


@transaction.atomic
def ship(request: HttpRequest, order_id: int) -> HttpResponse:
    """Note that an order has shipped, and tell its customer once that is stored."""
    order = get_object_or_404(Order.objects.select_for_update(), pk=order_id, shipped=False)
    order.shipped = True
    order.save()
    transaction.on_commit(partial(chat.announce, order))
    if not request.POST.get("parcel"):
        raise ValueError("an order is shipped in a parcel")
    return HttpResponse(status=204)
