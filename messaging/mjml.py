"""Makes the HTML of an e-mail: the company's frame around what a manager wrote, compiled from MJML. No Django models.

Everything goes through MJML, rich text too, so that there is one frame and phones, Outlook and dark screens are its compiler's
business. Values must be escaped, and the markup checked (`messaging.markup`), before they come here.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any

from messaging.rendering import TemplateRefused

_FONTS = "-apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"

# Our own surfaces are the word "white" and our own letters #111827, so that a dark screen turns these and leaves alone what a manager
# coloured: a box with a colour keeps it, and dark letters on it.
_STYLES = """
  .fiel-page { padding: 24px 8px; }
  :root { color-scheme: light dark; supported-color-schemes: light dark; }
  p { margin: 0 0 16px; } h1, h2, h3 { margin: 0 0 16px; line-height: 1.25; } ul, ol { margin: 0 0 16px; padding-left: 24px; }
  @media (prefers-color-scheme: dark) {
    body, .fiel-page { background-color: #0f141c !important; }
    [style*="background:white"] { background: #1b2430 !important; background-color: #1b2430 !important; }
    [style*="color:#111827"] { color: #e8ecf2 !important; }
    [style*="background:#"] [style*="color:#111827"] { color: #111827 !important; }
    [style*="color:#111827"] [style*="background:#"] { color: #111827; }
    .fiel-foot div, .fiel-foot a { color: #9aa7b8 !important; }
  }
"""
# What HTML leaves open must be closed in MJML.
_VOID = re.compile(r"<(br|hr|img)\b([^<>]*?)\s*/?>", re.IGNORECASE)
_DARK_QUERY = re.compile(r"@media\s*\(\s*prefers-color-scheme\s*:\s*dark\s*\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What stands around every e-mail. Texts are plain, not HTML; `remark` is why the person got it."""

    company: str
    language: str
    color: str = "#1f2a44"
    logo_url: str = ""
    logo_width: int = 160
    footer: str = ""
    remark: str = ""
    stop_label: str = ""
    stop_url: str = ""
    choose_label: str = ""
    choose_url: str = ""


def compile_email(body: str, *, mjml: bool, subject: str, frame: Frame) -> str:
    """Return the whole HTML of an e-mail. Raises TemplateRefused(`mjml`: message) when the compiler cannot read it."""
    blocks = blocks_of(body) if mjml else _as_blocks(body)
    blocks = _VOID.sub(r"<\1\2 />", blocks)
    document = (
        f'<mjml lang="{escape(frame.language)}"><mj-head><mj-title>{escape(subject)}</mj-title>{_preview_of(body) if mjml else ""}'
        f'<mj-attributes><mj-all font-family="{_FONTS}" /><mj-section background-color="white" padding="8px 8px" />'
        f'<mj-text font-size="16px" line-height="1.55" color="#111827" padding="8px 20px" />'
        f'<mj-button background-color="{frame.color}" color="#ffffff" font-size="16px" font-weight="600" '
        f'border-radius="10px" inner-padding="14px 24px" padding="12px 20px" />'
        f'<mj-divider border-color="#e5e7eb" border-width="1px" padding="12px 20px" />{_attributes_of(body) if mjml else ""}</mj-attributes>'
        f"<mj-style>{_STYLES}</mj-style></mj-head>"
        f'<mj-body background-color="#f3f4f6" width="600px" css-class="fiel-page">{_head(frame)}{blocks}{_foot(frame)}</mj-body></mjml>'
    )
    return _compile(document)


def as_dark(html: str) -> str:
    """Return an e-mail as a dark screen shows it, for a preview on a bright one."""
    return _DARK_QUERY.sub("@media all", html)


def _compile(document: str) -> str:
    import mrml

    try:
        return str(mrml.to_html(document, *_options()).content)
    except Exception as error:
        # The compiler raises OSError; whatever it is, the e-mail cannot be made.
        raise TemplateRefused("mjml", message=str(error)[:300]) from error


@lru_cache(maxsize=1)
def _options() -> tuple[Any, Any]:
    import mrml

    # No file and no address is ever read, no font fetched from elsewhere.
    return (
        mrml.ParserOptions(include_loader=mrml.noop_loader()),
        mrml.RenderOptions(disable_comments=False, fonts={}),
    )


def _as_blocks(html: str) -> str:
    return f"<mj-section><mj-column><mj-text>{html}</mj-text></mj-column></mj-section>"


def _head(frame: Frame) -> str:
    name = escape(frame.company)
    if frame.logo_url:
        inner = (
            f'<mj-image src="{escape(frame.logo_url)}" alt="{name}" width="{frame.logo_width}px" align="left" '
            f'padding="4px 20px" />'
        )
        color = "white"
    else:
        inner = (
            f'<mj-text color="#ffffff" font-size="18px" font-weight="700" padding="4px 20px">{name}</mj-text>'
        )
        color = frame.color
    return (
        f'<mj-section background-color="{color}" border-radius="12px 12px 0 0" padding="16px 8px">'
        f"<mj-column>{inner}</mj-column></mj-section>"
    )


def _foot(frame: Frame) -> str:
    lines = [escape(line) for line in frame.footer.strip().split("\n")] if frame.footer.strip() else []
    remark = escape(frame.remark)
    if frame.stop_url:
        remark += f' <a href="{escape(frame.stop_url)}" style="color:#6b7280">{escape(frame.stop_label)}</a>'
    if frame.choose_url:
        remark += (
            f' · <a href="{escape(frame.choose_url)}" style="color:#6b7280">{escape(frame.choose_label)}</a>'
        )
    parts = [*(["<br />".join(lines)] if lines else []), *([remark] if remark else [])]
    if not parts:
        return '<mj-section border-radius="0 0 12px 12px" padding="4px"></mj-section>'
    return (
        '<mj-section border-radius="0 0 12px 12px" padding="8px 8px 16px" css-class="fiel-foot"><mj-column>'
        '<mj-divider padding="0 20px 12px" />'
        f'<mj-text font-size="12px" line-height="1.5" color="#6b7280" padding="0 20px">{"<br /><br />".join(parts)}</mj-text>'
        "</mj-column></mj-section>"
    )


# --- A whole document that somebody pasted -----------------------------------------------------

_BODY = re.compile(r"<mj-body\b[^>]*>(.*)</mj-body>", re.S | re.I)
_PREVIEW = re.compile(r"<mj-preview>([^<]*)</mj-preview>", re.I)
_ATTRIBUTES = re.compile(r"<mj-attributes>(.*?)</mj-attributes>", re.S | re.I)
_ATTRIBUTE_TAG = re.compile(r"<(mj-[a-z]+)((?:\s+[a-z-]+=\"[^\"<>&]*\")*)\s*/>", re.I)
_DEFAULTED = frozenset(
    ["mj-all", "mj-text", "mj-button", "mj-section", "mj-column", "mj-image", "mj-divider", "mj-table"]
)


def blocks_of(source: str) -> str:
    """Return the blocks of MJML, whether it is a whole document or only what stands in its body: what is checked and sent."""
    found = _BODY.search(source)
    return found.group(1) if found else source


def _preview_of(source: str) -> str:
    found = _PREVIEW.search(source)
    return f"<mj-preview>{found.group(1)}</mj-preview>" if found else ""


def _attributes_of(source: str) -> str:
    """Return the defaults of a pasted document: plain values for known tags; whatever else stands there is left out."""
    found = _ATTRIBUTES.search(source)
    if not found:
        return ""
    tags = _ATTRIBUTE_TAG.finditer(found.group(1))
    return "".join(tag.group() for tag in tags if tag.group(1) in _DEFAULTED and "url" not in tag.group(2))
