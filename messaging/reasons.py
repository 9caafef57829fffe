"""Why a message was not sent, by code, with the sentence that a manager reads."""

from django.utils.translation import gettext_lazy as _

REASONS = {
    "automation_off": _("The automation was switched off, or is off for this store."),
    "no_online_shop": _("The store has no online shop."),
    "bought": _("The customer bought in the meantime."),
    "cart_deleted": _("The cart was emptied."),
    "cart_active": _("The customer came back to the cart."),
    "customer_inactive": _("The customer is not active."),
    "minor": _("The customer is under 18."),
    "no_address": _("There is no address for any of the channels."),
    "no_consent": _("The customer has not agreed to marketing on any of the channels."),
    "profiling_refused": _("The customer refused to be chosen by what they buy and read."),
    "opted_out": _("The customer asked not to get such messages."),
    "no_template": _("There is no text for any of the channels."),
    "text_too_long": _("The text is longer than the company allows for text messages."),
    "template_failed": _("The text could not be filled."),
    "empty_variable": _("A value is missing that the approved WhatsApp template needs."),
    "not_mobile": _("The number is no mobile, and the WhatsApp template goes to mobiles only."),
    "too_frequent": _("The customer got a recovery message a short while ago."),
    "code_used": _("The customer used a recovery code a short while ago."),
    "quiet_hours": _("It fell into the quiet hours of the contact policy."),
    "frequency_cap": _("The contact policy allows this person no more messages for now."),
    "gives_way": _("A more important message to the same person goes first."),
    "value_used": _("Nothing of the value is left, or its code cannot be read any more."),
    "answered": _("The customer has answered in the meantime."),
    "tier_changed": _("The customer stands in another tier by now."),
    "mailing_cancelled": _("The mailing was cancelled before it was sent."),
    "template_withdrawn": _("WhatsApp no longer approves the template that the mailing was written with."),
    "sale_undone": _("The purchase was cancelled or returned."),
    "bounced": _("The address does not exist: an earlier message came back."),
    "gift_unavailable": _("The voucher that the message gives cannot be made: look at its type."),
    "too_late": _("The moment had passed before it could be sent."),
    "no_provider": _("No provider is set up for the channel."),
    "refused": _("The provider refused it."),
    "gave_up": _("The provider refused it five times."),
    "undelivered": _("The provider could not deliver it."),
    "outcome_unknown": _("The call to the provider did not end clearly. It is never sent a second time."),
    "worker_died": _(
        "The sending process ended before the provider's answer was recorded. It is never sent a second time."
    ),
}
