"""The labels that managers file campaigns under."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy

from campaigns.models import Campaign, CampaignCategory

RESERVED_CODE = "new"


class CategoryError(Exception):
    code = "category_error"
    message = gettext_lazy("The category could not be changed.")

    def __init__(self) -> None:
        super().__init__(str(self.message))


class CategoryCodeTaken(CategoryError):
    code = "code_taken"
    message = gettext_lazy("Another category has this code.")


class CategoryCodeReserved(CategoryError):
    """The page of a new category has the address that the one of this category would have."""

    code = "reserved"
    field = "code"
    message = gettext_lazy("“new” is the address of another page. Choose another code.")


class CategoryInUse(CategoryError):
    code = "category_in_use"
    message = gettext_lazy("Campaigns are filed under this category.")


@transaction.atomic
def create_category(*, code: str, name: str) -> CampaignCategory:
    """Raises CategoryCodeTaken, CategoryCodeReserved."""
    if code == RESERVED_CODE:
        raise CategoryCodeReserved
    try:
        with transaction.atomic():
            return CampaignCategory.objects.create(code=code, name=name)
    except IntegrityError as error:
        raise CategoryCodeTaken from error


def rename_category(*, code: str, name: str) -> CampaignCategory:
    """Raises CampaignCategory.DoesNotExist."""
    category = CampaignCategory.objects.get(code=code)
    category.name = name
    category.save(update_fields=["name"])
    return category


@transaction.atomic
def delete_category(*, code: str) -> None:
    """Raises CampaignCategory.DoesNotExist, CategoryInUse."""
    category = CampaignCategory.objects.select_for_update().get(code=code)
    if Campaign.objects.filter(category=code).exists():
        raise CategoryInUse
    category.delete()
