"""The database: cases, decisions and the audit log; one writer, many readers.

>>> import tempfile
>>> from risk.access import local_actor
>>> from risk.casework import Decision
>>> folder, me = tempfile.TemporaryDirectory(), local_actor()
>>> store = open_store(f"sqlite:///{folder.name}/cases.db")
>>> batch = store.open_cases([dict(item_id="CX000000005QM", lane="red", channel="targeted", margin=-0.4,
...     inclusion_probability=1.0, risk_score=0.4, reason="Declared value is low for its weight")],
...     NewBatch("model-1", data_digest="", capacity=1), actor=me)
>>> [case.item_id for case in store.cases().rows]
['CX000000005QM']
>>> choice = Decision("examine", ("value_implausible",))
>>> first = store.decide("CX000000005QM", choice, actor=me, batch_id=batch.batch_id, key="click-1")
>>> again = store.decide("CX000000005QM", choice, actor=me, batch_id=batch.batch_id, key="click-1")
>>> (first.seq, again.seq, again.repeated)
(3, 3, True)
>>> store.verify().ok
True
>>> store.close(); folder.cleanup()
"""

from risk.store.queries import Batch, CaseFilter, DecisionRow, EntryFilter, Page
from risk.store.reading import Exported
from risk.store.record import NewBatch, Receipt
from risk.store.rooms import Acted, Header, Note, Rooms
from risk.store.store import Store, open_store

__all__ = [
    "Acted",
    "Batch",
    "CaseFilter",
    "DecisionRow",
    "EntryFilter",
    "Exported",
    "Header",
    "NewBatch",
    "Note",
    "Page",
    "Receipt",
    "Rooms",
    "Store",
    "open_store",
]
