from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from retail.models import Store, Terminal

_BRAZILIAN_ZONES = [
    ("America/Sao_Paulo", _("Brasília (São Paulo, Rio, South, North-East, Goiás)")),
    ("America/Manaus", _("Manaus (Amazonas)")),
    ("America/Cuiaba", _("Cuiabá (Mato Grosso)")),
    ("America/Campo_Grande", _("Campo Grande (Mato Grosso do Sul)")),
    ("America/Porto_Velho", _("Porto Velho (Rondônia)")),
    ("America/Boa_Vista", _("Boa Vista (Roraima)")),
    ("America/Rio_Branco", _("Rio Branco (Acre)")),
    ("America/Noronha", _("Fernando de Noronha")),
]
STATES = [
    "AC", "AL", "AP", "AM", "BA", "CE", "DF", "ES", "GO", "MA", "MT", "MS", "MG", "PA", "PB", "PR", "PE",
    "PI", "RJ", "RN", "RS", "RO", "RR", "SC", "SP", "SE", "TO",
]  # fmt: skip


def _zones() -> list[tuple[object, object]]:
    named = {zone for zone, _name in _BRAZILIAN_ZONES}
    others = [(zone, zone) for zone in sorted(available_timezones()) if "/" in zone and zone not in named]
    return [(_("Brazil"), _BRAZILIAN_ZONES), (_("Elsewhere"), others)]


def state_choices() -> list[tuple[str, str]]:
    return [("", "—"), *((state, state) for state in STATES)]


class StoreForm(forms.ModelForm):
    """A store; its code never changes, because tills and recorded sales name it."""

    time_zone = forms.ChoiceField(
        label=_("time zone").capitalize(),
        choices=lazy(_zones, list),
        initial="America/Sao_Paulo",
        help_text=_("Campaign hours, weekdays and business dates follow this clock."),
    )
    state = forms.ChoiceField(label=_("State (UF)"), choices=state_choices, required=False)

    class Meta:
        model = Store
        fields = [
            "code",
            "name",
            "brand",
            "city",
            "state",
            "time_zone",
            "online_shop",
            "totals_mode",
            "offline_redeem_limit",
            "is_active",
        ]
        help_texts = {
            "code": _(
                "The number or short name by which tills and the ERP call it. It cannot be changed later."
            ),
            "name": _("How managers and reports name the store."),
            "brand": _("The banner, when the chain has several."),
            "totals_mode": _(
                "What happens when a till charges another total than the campaigns give. Refusing finds mistakes early."
            ),
            "is_active": _("The tills of an inactive store are refused."),
        }

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        if self.instance.pk:
            self.fields["code"].disabled = True


class TerminalForm(forms.ModelForm):
    """A point of sale of one store."""

    class Meta:
        model = Terminal
        fields = ["code", "name", "is_active"]
        help_texts = {
            "code": _("How the point of sale calls itself, such as 01. It cannot be changed later."),
            "name": _("Where it stands: “Checkout 1”, “Tablet upstairs”."),
            "is_active": _("An inactive terminal is refused, whatever key it shows."),
        }

    def __init__(self, *, store: Store, **options: Any) -> None:
        super().__init__(**options)
        self.store = store
        if self.instance.pk:
            self.fields["code"].disabled = True

    def clean_code(self) -> str:
        code = self.cleaned_data["code"]
        if not self.instance.pk and Terminal.objects.filter(store=self.store, code=code).exists():
            raise forms.ValidationError(_("This store has a terminal with this code already."), code="unique")
        return code
