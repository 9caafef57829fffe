"""Tags that draw a code for scanners: `{% load codes %}{% barcode code %}`."""

from django import template
from django.utils.safestring import SafeString, mark_safe

from retail.code_symbols import barcode_svg, qr_svg

register = template.Library()


@register.simple_tag
def barcode(code: str) -> SafeString:
    """Draw a Code 128 barcode; nothing for a text that cannot be one."""
    return mark_safe(barcode_svg(code))  # noqa: S308 - lines and numbers only


@register.simple_tag
def qr_code(code: str) -> SafeString:
    """Draw a QR code."""
    return mark_safe(qr_svg(code))  # noqa: S308 - lines and numbers only
