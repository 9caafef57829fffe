"""The kinds of condition and benefit, by the tag that documents use.

`kinds.CONDITIONS[tag]` and `kinds.BENEFITS[tag]` are classes; their `fields` are the declared arguments. An unknown tag in a
stored document is an error, never "not eligible".
"""

from collections.abc import Mapping

from campaigns.engine.benefits import ALL_BENEFITS
from campaigns.engine.benefits.base import Benefit
from campaigns.engine.conditions import ALL_CONDITIONS
from campaigns.engine.conditions.base import Condition

CONDITIONS: Mapping[str, type[Condition]] = {kind.kind: kind for kind in ALL_CONDITIONS}
BENEFITS: Mapping[str, type[Benefit]] = {kind.kind: kind for kind in ALL_BENEFITS}
