"""What people say about a model: the words of a card, read from TOML or from an earlier card."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from importlib.resources import files
from typing import Any

from risk.errors import BadSetting, Refused, nearest

__all__ = ["Texts"]


@dataclass(frozen=True)
class Texts:
    """The words of a card; all are required, and none may be empty.

    >>> Texts.default().intended_use[:22]
    'For customs training: '
    >>> Texts.of({**Texts.default().to_dict(), "limitz": "x"})
    Traceback (most recent call last):
        ...
    risk.errors.BadSetting: limitz is 'x'; expected one of intended_use, intended_users, out_of_scope, ...contact.
    """

    intended_use: str
    intended_users: str
    out_of_scope: tuple[str, ...]
    why_these_metrics: str
    ethical_considerations: tuple[str, ...]
    caveats: tuple[str, ...]
    logging: str
    transparency: str
    human_oversight: str
    accuracy_robustness: str
    contact: str

    @classmethod
    def default(cls) -> "Texts":
        """The project's own words."""
        return cls.of(tomllib.loads(files("risk.cards").joinpath("texts.toml").read_text(encoding="utf-8")))

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Texts":
        """From a mapping; what it does not state is as in `default`.

        Raises
        ------
        risk.errors.BadSetting
            For a text that a card does not have, or one of another form.
        """
        known = [f.name for f in fields(cls)]
        for name, value in given.items():
            if name not in known:
                raise BadSetting(
                    name, got=value, expected=f"one of {', '.join(known)}", todo=nearest(name, known).strip()
                )
            many = name in ("out_of_scope", "ethical_considerations", "caveats")
            fits = isinstance(value, list | tuple) and all(isinstance(v, str) for v in value)
            if not (fits if many else isinstance(value, str)):
                raise BadSetting(name, got=value, expected="a list of texts" if many else "a text")
        said = {k: tuple(v) if isinstance(v, list | tuple) else v.strip() for k, v in given.items()}
        return cls(**(said if len(said) == len(known) else asdict(cls.default()) | said))

    @classmethod
    def from_toml(cls, text: str) -> "Texts":
        """From the text of a TOML file. Errors: `Refused` where it is no TOML, `BadSetting` as `of`."""
        try:
            return cls.of(tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise Refused(f"Expected the card's texts as TOML; {error}. Nothing was written.") from None

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able data."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}
