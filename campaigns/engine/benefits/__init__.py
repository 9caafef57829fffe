"""The kinds of benefit. To add one, write its file beside these and name it here."""

from campaigns.engine.benefits.item_percent import ItemPercent

ALL_BENEFITS = (ItemPercent,)
