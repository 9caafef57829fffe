"""What a second person says about an adjustment, and above which amount one is asked."""

from django import forms
from django.utils.translation import gettext_lazy as _

from retail.forms.fields import MoneyField


class ApproveForm(forms.Form):
    comment = forms.CharField(
        label=_("Comment"),
        max_length=240,
        required=False,
        help_text=_("For whoever asked; it may be empty."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class RefuseForm(forms.Form):
    comment = forms.CharField(
        label=_("Why not"),
        max_length=240,
        help_text=_("Whoever asked reads it."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class LimitForm(forms.Form):
    limit = MoneyField(
        label=_("Adjustments above this need a second person"),
        required=False,
        help_text=_(
            "What is added, taken or given by hand above it waits until somebody else approves it. Empty: nobody is asked."
        ),
    )
