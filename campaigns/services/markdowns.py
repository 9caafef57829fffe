"""Price markdowns: kept, published, rolled back. Their products are changed in `campaigns.services.markdown_items`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.engine.markdowns import Markdown as ReadMarkdown
from campaigns.engine.markdowns import decode_header, decode_markdown, encode_header
from campaigns.models import Markdown, MarkdownPrices, MarkdownRevision, PublishedStatus
from campaigns.services import markdown_items, publication
from campaigns.services.approval import approval_kept, approval_of

Document = Mapping[str, Any]


@transaction.atomic
def create_markdown(
    *, document: Document, publish: bool = False, comment: str = "", user: User | None, at: datetime
) -> Markdown:
    """Store a new markdown, a draft unless it is to be published at once. `items` may come later.

    Raises DocumentError for a wrong document, CodeTaken, ApprovalRequired, NothingToPublish.
    """
    read = _read(document)
    markdown = Markdown(code=read.code, created_at=at)
    publication.sign(markdown, user=user, at=at)
    _write(markdown, read)
    publication.insert(markdown)
    if read.items:
        markdown_items.store(markdown, read.items, whole=True)
        markdown.save()
    if publish:
        return publish_markdown(code=read.code, comment=comment, user=user, at=at)
    return markdown


@transaction.atomic
def save_markdown(
    *,
    code: str,
    document: Document,
    version: int | None = None,
    publish: bool = False,
    comment: str = "",
    user: User | None,
    at: datetime,
) -> Markdown:
    """Replace the working copy; what is live stays live unless it is to be published at once.

    Without `items` the products stay as they are; with them they become exactly these. `version` is the one that the
    change was made on; null skips the comparison. Raises Markdown.DoesNotExist, DocumentError, CodeFixed,
    VersionConflict, ApprovalRequired, NothingToPublish.
    """
    read = _read(document)
    if read.code != code:
        raise publication.CodeFixed
    markdown = publication.locked(Markdown, code, version)
    stored = markdown.items_version
    if document.get("items") is not None:
        markdown_items.store(markdown, read.items, whole=True)
    if encode_header(read) != markdown.document or markdown.items_version != stored:
        _write(markdown, read)
        publication.touch(markdown, user=user, at=at)
        markdown.save()
    if publish:
        return publish_markdown(code=code, comment=comment, user=user, at=at)
    return markdown


@transaction.atomic
def publish_markdown(
    *, code: str, version: int | None = None, comment: str = "", user: User | None, at: datetime
) -> Markdown:
    """Make the working copy live for every evaluation that begins after this transaction commits.

    Without a start, it starts now. Publishing what is live already changes nothing. Raises Markdown.DoesNotExist,
    VersionConflict, ApprovalRequired, NothingToPublish.
    """
    markdown = publication.locked(Markdown, code, version)
    if markdown.document["starts_at"] is None:
        markdown.document["starts_at"] = _start(markdown, at)
    if markdown.status == PublishedStatus.PUBLISHED and not has_changes(markdown):
        return markdown
    approval = approval_of(markdown)
    return _publish(markdown, comment=comment, action="published", approval=approval, user=user, at=at)


@transaction.atomic
def roll_back_markdown(*, code: str, number: int, user: User | None, at: datetime) -> Markdown:
    """Publish an earlier revision again, as a new revision; the working copy and its products follow it.

    Raises Markdown.DoesNotExist, RevisionUnknown, ApprovalRequired.
    """
    markdown = publication.locked(Markdown, code)
    revision = markdown.revisions.filter(number=number).first()
    if revision is None:
        raise publication.RevisionUnknown(revision=number)
    approval = approval_kept(revision)
    markdown_items.restore(markdown, prices_id=revision.prices_id, count=revision.item_count)
    _write(markdown, decode_header(revision.document))
    comment = _("Back to revision %(number)s") % {"number": number}
    return _publish(markdown, comment=comment, action="rolled_back", approval=approval, user=user, at=at)


def has_changes(markdown: Markdown) -> bool:
    """Say whether the working copy or its products differ from what is live."""
    live = markdown.live_revision
    if live is None:
        return False
    same = MarkdownPrices.objects.filter(pk=live.prices_id, items_version=markdown.items_version)
    return live.document != markdown.document or not same.exists()


def _publish(
    markdown: Markdown,
    *,
    comment: str,
    action: str,
    approval: dict[str, Any],
    user: User | None,
    at: datetime,
) -> Markdown:
    if not markdown.item_count:
        raise publication.NothingToPublish
    revision = MarkdownRevision.objects.create(
        markdown=markdown,
        number=publication.next_number(markdown),
        document=markdown.document,
        prices=_prices(markdown),
        item_count=markdown.item_count,
        comment=comment,
        published_by=user,
        published_at=at,
        **approval,
    )
    _write_period(markdown, decode_header(markdown.document))
    publication.go_live(markdown, revision, action=action, user=user, at=at)
    return markdown


def _prices(markdown: Markdown) -> MarkdownPrices:
    """Return the products as they are now, published before or not."""
    same = MarkdownPrices.objects.filter(markdown=markdown, items_version=markdown.items_version)
    found = same.defer("items").first()
    if found is None:
        markdown_items.freeze(markdown)
        found = same.defer("items").get()
    return found


def _read(document: Document) -> ReadMarkdown:
    """Return the document, read; without `items` there are none yet. Raises DocumentError naming every fault."""
    if not isinstance(document, Mapping) or document.get("items"):
        return decode_markdown(document)
    if isinstance(document.get("items"), list) or "items" not in document or document["items"] is None:
        return decode_header({name: value for name, value in document.items() if name != "items"})
    return decode_markdown(document)


def _write(markdown: Markdown, read: ReadMarkdown) -> None:
    markdown.document = encode_header(read)
    markdown.name = read.name or read.code
    if markdown.live_revision_id is None:
        _write_period(markdown, read)


def _write_period(markdown: Markdown, read: ReadMarkdown) -> None:
    """Repeat what lists filter by: of the live document once there is one, of the working copy before."""
    markdown.starts_at = read.starts_at
    markdown.ends_at = read.ends_at


def _start(markdown: Markdown, at: datetime) -> str:
    # What runs already and is published again without a start keeps the one it had.
    live = markdown.live_revision
    if live is not None and live.document.get("starts_at"):
        return str(live.document["starts_at"])
    return at.replace(second=0, microsecond=0).isoformat()
