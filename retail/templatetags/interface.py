"""Tags that pages are built with: icons, captured text, form fields and lists of choices in links."""

from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """Draw a picture of static/icons.svg. `size` is "", "s" or "l". It is decoration: name things in text."""
    extra = f" icon-{size}" if size else ""
    return format_html(
        '<svg class="icon{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        extra,
        static("icons.svg"),
        name,
    )


@register.simple_block_tag
def capture(content: str) -> str:
    """Render what is inside, once, into a variable: `{% capture as heading %}...{% endcapture %}`."""
    # Rendering has escaped it already.
    return mark_safe(content.strip())  # noqa: S308


@register.filter
def is_checkbox(field: BoundField) -> bool:
    """Tell whether the field is one box to tick, whose label stands behind it."""
    return isinstance(field.field.widget, CheckboxInput)


@register.simple_tag(takes_context=True)
def with_query(context: dict[str, Any], **changes: Any) -> str:
    """Return "?..." of this page with some parameters changed; None removes one. Arrays keep their order."""
    request: HttpRequest = context["request"]
    query = request.GET.copy()
    for name, value in changes.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}" if query else request.path


@register.filter
def initials(name: str) -> str:
    """Return one or two letters that stand for a person."""
    words = [word for word in str(name).replace(".", " ").replace("@", " ").split() if word[0].isalnum()]
    return "".join(word[0] for word in [*words[:1], *words[1:][-1:]])
