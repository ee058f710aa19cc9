from django.db import models


class Order(models.Model):
    title = models.CharField(max_length=100)
    dialog_id = models.CharField(max_length=24)
    shipped = models.BooleanField(default=False)
