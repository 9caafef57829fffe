from typing import Any

from django.db import models


class Searchable(models.Func):
    """A text as it is searched: upper case, without accents ("CALCA" finds "Calça")."""

    function = "searchable"
    arity = 1

    def __init__(self, expression: Any) -> None:
        super().__init__(expression, output_field=models.TextField())


class PostalKey(models.Func):
    """A postal code as it is compared: letters and digits alone, "01310100"; NULL when there is none of them."""

    function = "postal_key"
    arity = 1

    def __init__(self, expression: Any) -> None:
        super().__init__(expression, output_field=models.TextField())
