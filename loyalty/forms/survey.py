"""What a customer is asked about a purchase."""

from django import forms
from django.utils.translation import gettext_lazy as _

from loyalty.models import SurveyAnswer


class SurveyForm(forms.Form):
    score = forms.TypedChoiceField(
        label=_("How likely are you to recommend us?"),
        choices=[(score, str(score)) for score in range(SurveyAnswer.HIGHEST + 1)],
        coerce=int,
        widget=forms.RadioSelect,
    )
    comment = forms.CharField(
        label=_("Would you like to tell us more?"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
