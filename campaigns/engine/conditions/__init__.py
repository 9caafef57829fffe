"""The kinds of condition. To add one, write its file beside these and name it here."""

from campaigns.engine.conditions.product import Product

ALL_CONDITIONS = (Product,)
