"""Why an address is refused, and how a call can end without an accepting answer: codes, with words for managers."""

from django.utils.translation import gettext_lazy as _

ADDRESS_REFUSALS = {
    "url": _("This is no address such as https://example.com/webhooks."),
    "scheme": _("Must begin with https://."),
    "host": _("This is not the name of a server."),
    "port": _("This port may not be called. Usual is 443."),
    "credentials": _("Leave name and password out of the address; calls are signed."),
    "not_public": _("This is not a public address of the internet."),
}

ERRORS = {
    "name_unknown": _("The name of the server is not known."),
    "address_refused": _("The name leads to an address that is not public."),
    "no_connection": _("The server takes no connection."),
    "tls": _("The server's certificate is not valid."),
    "timeout": _("There was no answer within five seconds."),
    "broken": _("The connection broke, or the answer could not be read."),
    "refused": _("The answer was not a status of 200 to 299."),
    "redirected": _("The server answered with another address. Redirections are not followed."),
    "endpoint_off": _("The endpoint was switched off."),
    "no_secret": _("The endpoint has no secret."),
    "defect": _("Something went wrong on our side."),
}
