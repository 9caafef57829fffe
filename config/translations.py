"""Translations without GNU gettext: `python -m config.translations update | compile | check`.

Collects the texts of Python, templates and scripts with Babel, merges them into locale/*/LC_MESSAGES, and compiles
them. The compiled files are committed, so that an installation needs no tool. Source texts are English.
"""

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

_ROOT = Path(__file__).resolve().parent.parent
_LOCALES = ["pt_BR"]
_PACKAGES = ["campaigns", "config", "customers", "loyalty", "messaging", "pos_api", "retail"]
# Third-party scripts bring their own texts.
_IGNORED = {"migrations", "vendor", "node_modules"}

_KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    # What a module calls gettext when `_` is lazy there.
    "_now": None,
    "translate": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
_SHOWN = 40
_PLACEHOLDER = re.compile(r"%(\(\w+\))?[sdf]")
# A date that changes with every run would make every run a change to review.
_NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)


def collect(domain: str) -> Catalog:
    """Return the texts that the sources of a domain (`django` or `djangojs`) contain now."""
    template = Catalog(project="Fiel", domain=domain, creation_date=_NO_DATE)
    for path, method, source in _sources(domain):
        name = path.relative_to(_ROOT).as_posix()
        texts = extract(method, BytesIO(source.encode()), keywords=_KEYWORDS, comment_tags=["Translators:"])
        for line, text, comments, context in texts:
            template.add(text, locations=[(name, line)], auto_comments=comments, context=context)
    return template


def _sources(domain: str) -> Iterator[tuple[Path, str, str]]:
    folders = [_ROOT / name for name in [*_PACKAGES, "templates", "static"]]
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    for path in files:
        if _IGNORED.intersection(path.relative_to(_ROOT).parts):
            continue
        if domain == "djangojs":
            if path.suffix == ".js":
                yield path, "javascript", path.read_text(encoding="utf-8")
        elif path.suffix == ".py":
            yield path, "python", path.read_text(encoding="utf-8")
        elif path.suffix in {".html", ".txt"} and "templates" in path.parts:
            # Django's own reader turns tags into calls; what it leaves of the page must not look indented.
            calls = templatize(path.read_text(encoding="utf-8"), origin=str(path))
            yield path, "python", "\n".join(line.lstrip() for line in calls.split("\n"))


def read_catalog(locale: str, domain: str) -> Catalog:
    """Return a locale's translations as they are on disk; an empty catalogue when there are none yet."""
    path = _file(locale, domain, "po")
    if not path.exists():
        header = "# Translations of Fiel. Collected and compiled by `make messages`."
        catalog = Catalog(locale, domain, header, project="Fiel", fuzzy=False, creation_date=_NO_DATE)
        catalog.version, catalog.msgid_bugs_address, catalog.language_team = "1", "", ""
        catalog.last_translator = "Fiel"
        return catalog
    with path.open("rb") as file:
        return read_po(file, locale=locale, domain=domain)


def update() -> int:
    """Merge new texts into the catalogues, drop those that are gone, and compile."""
    for domain in ("django", "djangojs"):
        template = collect(domain)
        for locale in _LOCALES:
            if not len(template) and not _file(locale, domain, "po").exists():
                continue
            catalog = read_catalog(locale, domain)
            # A guess at a similar text is worse than a hole: the check finds holes.
            catalog.update(template, no_fuzzy_matching=True, update_creation_date=False)
            catalog.obsolete.clear()
            path = _file(locale, domain, "po")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_as_po(catalog))
            missing = sum(1 for message in _texts(catalog) if not _is_translated(message))
            print(f"{path.relative_to(_ROOT)}: {len(catalog)} texts, {missing} to translate")
    return compile_catalogs()


def compile_catalogs() -> int:
    """Write the binary files that Django reads."""
    for locale, domain in _catalogs():
        _file(locale, domain, "mo").write_bytes(_as_mo(read_catalog(locale, domain)))
    return 0


def check() -> int:
    """Report every text without a translation, and compiled files that are older than their source."""
    problems: list[str] = []
    for domain in ("django", "djangojs"):
        template = collect(domain)
        for locale in _LOCALES:
            problems += [f"{locale} {domain}: {problem}" for problem in _problems(template, locale, domain)]
    print("\n".join(problems[:_SHOWN]) or "Every text is translated.")
    if len(problems) > _SHOWN:
        print(f"... and {len(problems) - _SHOWN} more")
    return 1 if problems else 0


def _problems(template: Catalog, locale: str, domain: str) -> Iterator[str]:
    catalog = read_catalog(locale, domain)
    for wanted in _texts(template):
        place = wanted.locations[0][0] if wanted.locations else ""
        shown = repr(wanted.id if isinstance(wanted.id, str) else wanted.id[0])
        message = catalog.get(wanted.id, wanted.context)
        if message is None:
            yield f"not collected: {shown} ({place})"
        elif message.fuzzy:
            yield f"marked fuzzy: {shown} ({place})"
        elif not _is_translated(message):
            yield f"not translated: {shown} ({place})"
        else:
            for error in message.check(catalog) if _has_placeholder(message) else ():
                yield f"{error}: {shown} ({place})"
    for message in _texts(catalog):
        if template.get(message.id, message.context) is None:
            yield f"no longer used: {message.id!r}"
    if _file(locale, domain, "po").exists():
        compiled = _file(locale, domain, "mo")
        if not compiled.exists() or compiled.read_bytes() != _as_mo(catalog):
            yield "the compiled file is not that of the source"


def _texts(catalog: Catalog) -> Iterator[Message]:
    return (message for message in catalog if message.id)


def _is_translated(message: Message) -> bool:
    strings = [message.string] if isinstance(message.string, str) else (message.string or [])
    return bool(strings) and all(strings)


def _has_placeholder(message: Message) -> bool:
    """Whether values are put into the text. Babel also takes the "% o" of "10 % off" for one."""
    texts = [message.id] if isinstance(message.id, str) else message.id
    return any(_PLACEHOLDER.search(text) for text in texts)


def _as_po(catalog: Catalog) -> bytes:
    catalog.revision_date = _NO_DATE
    output = BytesIO()
    write_po(output, catalog, width=110, sort_output=True, ignore_obsolete=True, include_lineno=False)
    return output.getvalue()


def _as_mo(catalog: Catalog) -> bytes:
    output = BytesIO()
    write_mo(output, catalog)
    return output.getvalue()


def _catalogs() -> Iterator[tuple[str, str]]:
    for locale in _LOCALES:
        for domain in ("django", "djangojs"):
            if _file(locale, domain, "po").exists():
                yield locale, domain


def _file(locale: str, domain: str, suffix: str) -> Path:
    return _ROOT / "locale" / locale / "LC_MESSAGES" / f"{domain}.{suffix}"


_COMMANDS = {"update": update, "compile": compile_catalogs, "check": check}

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in _COMMANDS:
        sys.exit(f"usage: python -m config.translations {' | '.join(_COMMANDS)}")
    sys.exit(_COMMANDS[sys.argv[1]]())
