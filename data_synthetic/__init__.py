"""The made world: synthetic inbound post whose every rule is known.

Fictional origins, pseudonymous parties, invented goods and lists; no real targeting rule. See ``README.md``
in this folder for the data sheet and ``world.toml`` for every number.

>>> import data_synthetic
>>> data_synthetic.generate(data_synthetic.load_world("teaching"), 100, seed=1).manifest["n_items"]
100
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from data_synthetic.world import PRESETS, World, load_world

if TYPE_CHECKING:
    from data_synthetic.package import generate_package, load_dictionary, make_source, write_package
    from data_synthetic.stream import Stream, generate

__all__ = ["PRESETS", "World", "Stream", "load_world", "generate", "make_source",
           "generate_package", "write_package", "load_dictionary"]

_LATER = {
    "generate": "stream",
    "Stream": "stream",
    "generate_package": "package",
    "make_source": "package",
    "write_package": "package",
    "load_dictionary": "package",
}


def __getattr__(name: str) -> Any:
    """Import the heavy parts (numba, pyarrow) only when they are asked for."""
    if name in _LATER:
        from importlib import import_module
        return getattr(import_module(f"data_synthetic.{_LATER[name]}"), name)
    raise AttributeError(f"module 'data_synthetic' has no attribute '{name}'")
