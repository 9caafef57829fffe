"""Of which levels one product is a gift, set from the product's side."""

from collections.abc import Collection

from django.db import transaction

from loyalty.models import LevelGift, PointsProgram
from retail.models import Product


@transaction.atomic
def set_gift_levels(*, product: Product, level_ids: Collection[int], shown: Collection[int]) -> int:
    """Make a product the gift of `level_ids` among the levels `shown`; return how many programs changed.

    Levels that were not shown, such as those added meanwhile, are left as they are.
    """
    touched = PointsProgram.objects.filter(levels__in=[*shown]).order_by("pk").values_list("pk", flat=True)
    programs = PointsProgram.objects.filter(pk__in=set(touched)).order_by("pk").select_for_update()
    changed = 0
    for program in programs:
        levels = {level.pk for level in program.levels.all()} & set(shown)
        present = set(
            LevelGift.objects.filter(level__in=levels, product=product).values_list("level_id", flat=True)
        )
        wanted = levels & set(level_ids)
        if wanted == present:
            continue
        LevelGift.objects.filter(level__in=present - wanted, product=product).delete()
        LevelGift.objects.bulk_create(
            LevelGift(level_id=level_id, product=product) for level_id in sorted(wanted - present)
        )
        program.version += 1
        program.save(update_fields=["version", "updated_at"])
        changed += 1
    return changed
