"""Training sessions in use: doors, keys, items, boards; where `risk.classroom` meets the store."""

from risk.hall.door import Key, read_key
from risk.hall.hall import Hall, Opened, Order, by_hand
from risk.hall.material import Pool, load_rows, make_pool, stream_for

__all__ = [
    "Hall",
    "Key",
    "Opened",
    "Order",
    "Pool",
    "by_hand",
    "load_rows",
    "make_pool",
    "read_key",
    "stream_for",
]
