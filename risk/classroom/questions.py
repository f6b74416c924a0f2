"""The questions of the chart check and of the exit: codes, number of choices, the right choice.

Words are elsewhere (`risk.ui.present`): here is only what is counted.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CHECKS", "EXITS", "Question"]


@dataclass(frozen=True, slots=True)
class Question:
    """A question with numbered choices; `right` is -1 where there is no right one."""

    code: str
    choices: int
    right: int = -1


#: Can they read the explanation? What a frequency means, what a reason means, what a bar's side means.
CHECKS = (
    Question("frequency", 3, right=1),
    Question("reason", 3, right=2),
    Question("bar", 3, right=0),
)
#: How it felt: trust in the score, use of the reasons, what they would do differently.
EXITS = (Question("trust", 5), Question("reasons", 5), Question("change", 4))
