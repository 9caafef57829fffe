"""What may stand in the HTML and the MJML of an e-mail, and what is left of it as plain text. No Django.

A manager's markup goes to thousands of mail programs and into our own preview: only tags and attributes that an e-mail
needs are let through, and only links that lead somewhere. The MJML compiler passes unknown tags on in silence, so
they are refused here, with their place.
"""

import re
from dataclasses import dataclass
from html.parser import HTMLParser

from messaging.links import why_forbidden
from messaging.rendering import TemplateRefused

_HTML = frozenset(
    [
        "a",
        "b",
        "big",
        "blockquote",
        "br",
        "center",
        "code",
        "div",
        "em",
        "font",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "li",
        "ol",
        "p",
        "pre",
        "s",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "u",
        "ul",
    ]
)
_VOID = frozenset(["br", "hr", "img"])
_ATTRIBUTES = frozenset(
    [
        "align",
        "alt",
        "bgcolor",
        "border",
        "cellpadding",
        "cellspacing",
        "class",
        "color",
        "colspan",
        "dir",
        "face",
        "height",
        "href",
        "lang",
        "rel",
        "role",
        "rowspan",
        "size",
        "src",
        "style",
        "target",
        "title",
        "valign",
        "width",
    ]
)
_URLS = frozenset(["href", "src", "background-url", "background"])
_STYLE_REACHES_OUT = re.compile(
    r"url\s*\(|expression\s*\(|@import|behavior\s*:|-moz-binding|javascript:|\\", re.I
)

# Which tag of MJML may stand in which. The last row holds HTML.
_BLOCKS = ("mj-section", "mj-wrapper", "mj-hero")
_LEAVES = ("mj-text", "mj-button", "mj-image", "mj-divider", "mj-spacer", "mj-table")
_CHILDREN: dict[str, tuple[str, ...]] = {
    "": _BLOCKS,
    "mj-wrapper": ("mj-section",),
    "mj-section": ("mj-column", "mj-group"),
    "mj-group": ("mj-column",),
    "mj-column": _LEAVES,
    "mj-hero": _LEAVES,
}
_MJML = frozenset([*_BLOCKS, "mj-column", "mj-group", *_LEAVES])
_WITH_HTML = frozenset(["mj-text", "mj-button", "mj-table"])
_MJML_ATTRIBUTE = re.compile(r"^[a-z][a-z0-9-]{1,40}$")


def check_markup(source: str, *, mjml: bool, values: bool = False) -> None:
    """Refuse markup that an e-mail must not have.

    `values` says that a customer's values were filled in: then links are looked at for what they do (javascript:), not
    for where they lead. Raises TemplateRefused: `unknown_tag` (tag, line), `misplaced_tag` (tag, parent, line),
    `unclosed_tag` (tag, line), `forbidden_attribute` (name, tag, line), `forbidden_style` (line), `forbidden_url` (url,
    why, line), `text_outside` (line).
    """
    checker = _Checker(mjml=mjml, strict=not values)
    checker.feed(source)
    checker.close()
    if checker.open_tags:
        tag, line = checker.open_tags[-1]
        raise TemplateRefused("unclosed_tag", tag=tag, line=line)


class _Checker(HTMLParser):
    def __init__(self, *, mjml: bool, strict: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.mjml = mjml
        self.strict = strict
        self.open_tags: list[tuple[str, int]] = []

    @property
    def line(self) -> int:
        return self.getpos()[0]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._enter(tag)
        self._check_attributes(tag, attrs)
        if tag not in _VOID:
            self.open_tags.append((tag, self.line))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._enter(tag)
        self._check_attributes(tag, attrs)
        if tag in _HTML and tag not in _VOID:
            # HTML takes <p/> for an open one; mail programs differ.
            raise TemplateRefused("unclosed_tag", tag=tag, line=self.line)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        if not self.open_tags or self.open_tags[-1][0] != tag:
            open_tag, line = self.open_tags[-1] if self.open_tags else (tag, self.line)
            raise TemplateRefused("unclosed_tag", tag=open_tag, line=line)
        self.open_tags.pop()

    def handle_data(self, data: str) -> None:
        parent = self.open_tags[-1][0] if self.open_tags else ""
        if self.mjml and data.strip() and parent not in _WITH_HTML and parent not in _HTML:
            raise TemplateRefused("text_outside", line=self.line)

    def handle_decl(self, decl: str) -> None:
        raise TemplateRefused("unknown_tag", tag=f"!{decl[:20]}", line=self.line)

    def handle_pi(self, data: str) -> None:
        raise TemplateRefused("unknown_tag", tag=f"?{data[:20]}", line=self.line)

    def unknown_decl(self, data: str) -> None:
        raise TemplateRefused("unknown_tag", tag=f"![{data[:20]}", line=self.line)

    def handle_comment(self, data: str) -> None:
        # Conditional comments hide markup from us that Outlook reads.
        raise TemplateRefused("unknown_tag", tag="!--", line=self.line)

    def _enter(self, tag: str) -> None:
        known = tag in _HTML or (self.mjml and tag in _MJML)
        if not known:
            raise TemplateRefused("unknown_tag", tag=tag[:40], line=self.line)
        if not self.mjml:
            return
        parent = self.open_tags[-1][0] if self.open_tags else ""
        fits = tag in _CHILDREN.get(parent, ())
        if tag in _HTML:
            fits = parent in _WITH_HTML or parent in _HTML
        if not fits:
            raise TemplateRefused("misplaced_tag", tag=tag, parent=parent or "mj-body", line=self.line)

    def _check_attributes(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            known = _MJML_ATTRIBUTE.match(name) if tag in _MJML else name in _ATTRIBUTES
            if not known or name.startswith("on"):
                raise TemplateRefused("forbidden_attribute", name=name[:40], tag=tag, line=self.line)
            if name in _URLS:
                self._check_url(value or "", picture=name != "href")
            elif _STYLE_REACHES_OUT.search(value or ""):
                raise TemplateRefused("forbidden_style", line=self.line)

    def _check_url(self, url: str, *, picture: bool) -> None:
        if not url.strip():
            # A link that a person has no value for, such as a cart without an address.
            if self.strict:
                raise TemplateRefused("forbidden_url", url=url, why="host", line=self.line)
            return
        why = why_forbidden(url, people=not picture)
        if why and (self.strict or why == "scheme"):
            raise TemplateRefused("forbidden_url", url=url[:200], why=why, line=self.line)


# --- The text part -----------------------------------------------------------------------------

_APART = frozenset(
    [
        "p",
        "div",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "table",
        "blockquote",
        "pre",
        "hr",
        "mj-text",
        "mj-button",
        "mj-image",
        "mj-section",
        "mj-wrapper",
        "mj-hero",
        "mj-divider",
        "mj-table",
    ]
)


def text_of(markup: str) -> str:
    """Return the text part of an e-mail that was written in HTML or MJML: paragraphs, lists, and links with their address."""
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    text = "".join(reader.parts)
    lines = [re.sub(r"[ \t\xa0]+", " ", line).strip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


@dataclass(slots=True)
class _Link:
    address: str
    # Where its text begins among the parts.
    begins: int


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.links: list[_Link] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("br", "tr"):
            self.parts.append("\n")
        elif tag == "li":
            self.parts.append("\n- ")
        elif tag in _APART:
            self.parts.append("\n\n")
        elif tag in ("td", "th"):
            self.parts.append(" ")
        if tag in ("img", "mj-image") and given.get("alt"):
            self.parts.append(given["alt"] or "")
        if tag in ("a", "mj-button"):
            self.links.append(_Link(given.get("href") or "", len(self.parts)))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("a", "mj-button") and self.links:
            link = self.links.pop()
            label = "".join(self.parts[link.begins :]).strip()
            address = link.address.removeprefix("mailto:").removeprefix("tel:")
            if address and address != label:
                self.parts.append(f": {address}" if label else address)
        if tag in _APART:
            self.parts.append("\n\n")

    def handle_data(self, data: str) -> None:
        # In HTML a line break is a space.
        self.parts.append(re.sub(r"\s+", " ", data))
