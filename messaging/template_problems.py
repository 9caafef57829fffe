"""What can be wrong with a template, in sentences that lead to the mending."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from messaging.channels.twilio_content import ApprovalUnavailable
from messaging.rendering import TemplateRefused

_PROBLEMS = {
    "unknown_variable": _("There is no variable “%(name)s” here."),
    "syntax": _("Line %(line)s: %(message)s"),
    "unknown_occasion": _("There is no automation “%(name)s”."),
    "empty": _("Write something."),
    "name_fixed": _("An automation's own text has no name, and a template with a name keeps one."),
    "name_taken": _("There is another template “%(name)s” on this channel in this language."),
    "text_too_long": _(
        "With typical values the text has %(actual)s characters; the company allows %(limit)s."
    ),
    "text_too_long_at_worst": _(
        "In the store with the longest name the text has %(actual)s characters; the company allows %(limit)s."
    ),
    "unknown_tag": _("Line %(line)s: the tag “%(tag)s” cannot be used in an e-mail."),
    "misplaced_tag": _("Line %(line)s: “%(tag)s” cannot stand in “%(parent)s”."),
    "unclosed_tag": _("Line %(line)s: the tag “%(tag)s” is not closed."),
    "text_outside": _("Line %(line)s: text must stand in mj-text, mj-button or mj-table."),
    "forbidden_attribute": _("Line %(line)s: “%(tag)s” cannot have “%(name)s”."),
    "forbidden_style": _("Line %(line)s: a style must not fetch anything."),
    "mjml": _("The MJML cannot be read: %(message)s"),
    "empty_variable": _(
        "“%(name)s” is empty for this person, and an approved WhatsApp template needs every value."
    ),
    "too_many_tests": _("This address got %(limit)s tests today. Try another one, or wait until tomorrow."),
    "too_many_tests_by_one": _("You sent %(limit)s tests today. Go on tomorrow."),
    "test_no_consent": _(
        "This address is a customer's who has not agreed to get marketing on this channel. Try the text at an address of your own."
    ),
    "not_mobile": _("The number is no mobile, and the template goes to mobiles only."),
    "approval_no_logic": _("WhatsApp approves plain texts, without conditions and loops."),
    "approval_no_filters": _("WhatsApp approves plain variables: “%(name)s” is more than a name."),
    "approval_too_long": _("The text has %(actual)s characters; WhatsApp takes %(limit)s."),
    "approval_variable_at_edge": _(
        "WhatsApp wants words before the first and after the last variable; “%(name)s” stands at the edge."
    ),
    "approval_variables_adjacent": _("WhatsApp wants words between two variables: %(names)s."),
}
_FORBIDDEN_URLS = {
    "scheme": _("The link “%(url)s” must begin with https:// or http://."),
    "host": _("The link “%(url)s” leads nowhere."),
    "local": _("The link “%(url)s” works only on this network."),
    "credentials": _("The link “%(url)s” contains a password."),
    "shortener": _("The link “%(url)s” hides where it leads; operators and WhatsApp block such messages."),
}
_REFUSALS = {
    "archived": _("It is in the archive. Bring it back first."),
    "for_mailings": _("It is made for mailings, not for an automation."),
    "in_use": _("The automation “%(occasion)s” uses it. Choose another text there first."),
    "own_text": _("An occasion keeps its own text; only templates with a name can be put away."),
    "no_such_revision": _("There is no version %(number)s."),
    "not_whatsapp": _("Only WhatsApp asks for approval."),
    "already_submitted": _("It was handed in already: %(approval)s."),
    "template_changed": _(
        "Somebody else saved this text meanwhile. What you typed is still here: copy what you want to keep, then open the page again."
    ),
    "changed_meanwhile": _("Somebody saved another text meanwhile. Look at it and hand it in again."),
    "not_submitted": _("It was not handed in yet."),
    "not_approved": _("Only an approved template can be sent to several people. It is: %(approval)s."),
}
_NOT_USABLE = {
    "not_whatsapp": _("“%(name)s” is not a WhatsApp template."),
    "archived": _("The template “%(name)s” is in the archive."),
    "wrong_target": _("The template “%(name)s” is made for: %(target)s."),
    "not_approved": _("WhatsApp has not approved the template “%(name)s”. It is: %(approval)s."),
    "several_not_allowed": _(
        "The template “%(name)s” may not be sent to several people yet. Switch on “Allow several”."
    ),
}


def problem_text(problem: TemplateRefused) -> str:
    """Say what is wrong with a part of a template."""
    if problem.code == "forbidden_url":
        return str(_FORBIDDEN_URLS[str(problem.params["why"])]) % problem.params
    return str(_PROBLEMS[problem.code]) % problem.params


def refusal_text(code: str, params: Mapping[str, object]) -> str:
    """Say why something cannot be done with a template as it stands (TemplateActionRefused)."""
    return str(_REFUSALS[code]) % params


def not_usable_text(code: str, params: Mapping[str, object]) -> str:
    """Say why a mailing cannot be sent with a WhatsApp template (TemplateNotUsable). The template's page mends it."""
    return str(_NOT_USABLE[code]) % params


def provider_text(error: ApprovalUnavailable) -> str:
    """Return what WhatsApp's provider said when it was asked for an approval, for people."""
    words = {"code": error.error_code, "detail": error.detail[:300]}
    return str(_("The provider said no: %(code)s %(detail)s") % words)
