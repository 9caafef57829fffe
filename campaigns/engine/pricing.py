"""Steps 1 and 2: today's prices (markdowns) and the shares of the exchanged value."""

from collections.abc import Callable, Iterable

from campaigns.engine.basket import Store
from campaigns.engine.markdowns import CompiledMarkdown, Markdown
from campaigns.engine.scene import Scene
from retail import money


def price(
    scene: Scene, markdowns: Iterable[CompiledMarkdown], covered: Callable[[Scene], frozenset[int]]
) -> None:
    """Mark the lines of a scene down, and spread the exchange over them.

    `markdowns` are those that list one of its products. `covered` tells which positions an active campaign names, for
    markdowns that leave those alone.
    """
    for compiled in markdowns:
        if compiled.starts <= scene.instant < compiled.ends and _is_active(compiled.document, scene):
            _mark_down(compiled, scene, covered)
    if scene.has_exchange:
        _spread_exchange(scene)
    scene.close_prices()


def opens_in(stores: tuple[str, ...], store: Store) -> bool:
    """True when a list of store codes and `grouping:` entries names the store; an empty list names every store."""
    return not stores or store.code in stores or any(f"grouping:{name}" in stores for name in store.groupings)


def _is_active(markdown: Markdown, scene: Scene) -> bool:
    if not opens_in(markdown.stores, scene.around.store):
        return False
    if markdown.schedule is not None and not markdown.schedule.is_open(scene.local):
        return False
    if markdown.customers == "all":
        return True
    if scene.shopper is None:
        return False
    return (
        markdown.customers == "registered"
        or scene.shopper.level is not None
        or bool(scene.shopper.loyalty_category)
    )


def _mark_down(compiled: CompiledMarkdown, scene: Scene, covered: Callable[[Scene], frozenset[int]]) -> None:
    markdown = compiled.document
    skipped = frozenset() if markdown.include_covered else covered(scene)
    reached = []
    for position, line in enumerate(scene.lines):
        item = compiled.item_for(line)
        price = line.unit_price if line.original_price is None else line.original_price
        if (
            item is not None
            and position not in skipped
            and (markdown.price_min is None or price >= markdown.price_min)
            and (markdown.price_max is None or price <= markdown.price_max)
        ):
            reached.append((position, item))
    quantity = sum(scene.lines[position].quantity for position, _ in reached)
    amount = sum(scene.gross[position] for position, _ in reached)
    if (
        not reached
        or (markdown.minimum_quantity is not None and quantity < markdown.minimum_quantity)
        or (markdown.maximum_quantity is not None and quantity > markdown.maximum_quantity)
        or (markdown.minimum_amount is not None and amount < markdown.minimum_amount)
        or (markdown.maximum_amount is not None and amount > markdown.maximum_amount)
    ):
        return
    for position, item in reached:
        line = scene.lines[position]
        new_price = item.price
        if new_price is None:
            new_price = line.unit_price - money.percent_of(line.unit_price, item.percent or 0)
        _reprice(scene, position, max(new_price, line.floor_price or 0))


def _reprice(scene: Scene, position: int, unit_price: int) -> None:
    """Give a line a lower price; a price that is not lower than the present one changes nothing."""
    line = scene.lines[position]
    amount = money.gross(unit_price, line.quantity)
    if amount >= scene.value[position]:
        return
    scene.value[position] = amount
    scene.markdown[position] = scene.gross[position] - amount


def _spread_exchange(scene: Scene) -> None:
    exchanged = sum(money.gross(item.unit_price, item.quantity) for item in scene.basket.exchange)
    scene.exchange = min(exchanged, sum(scene.value))
    scene.exchange_left = exchanged - scene.exchange
    scene.share = money.prorate(scene.exchange, scene.value)
