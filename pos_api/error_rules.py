"""Which status each refusal of a package gets. A package that learns to refuse adds its lines here."""

from pos_api.errors import Rule

RULES: tuple[Rule, ...] = ()
