"""The data dictionary: what every column is, means, may hold and may be used for.

A dictionary is a Data Package descriptor (``datapackage.json``, https://specs.frictionlessdata.io) whose
fields carry one namespaced object, ``risk``. Validation, features, monotonic directions, reason
sentences, fairness groups and labels of the web app are all derived from it, so nothing is said twice.

>>> d = Dictionary.from_descriptor({
...     "name": "tiny", "risk": {"clock": "seen"},
...     "resources": [{"name": "declarations", "schema": {"fields": [
...         {"name": "id", "type": "string", "risk": {"role": "id"}},
...         {"name": "seen", "type": "datetime", "risk": {"role": "time"}},
...         {"name": "weight", "type": "number", "title": "Weight",
...          "constraints": {"minimum": 1}, "risk": {"role": "numeric", "unit": "g"}}]}}]})
>>> d.id_field, d.clock, [f.name for f in d.features]
('id', 'seen', ['weight'])
>>> d["weight"].expected
'a number, at least 1 g'
"""

from risk.schema.dictionary import Dictionary
from risk.schema.fields import CHECKS, KNOWN_AT, ROLES, TYPES, Feature, Field

__all__ = ["Field", "Feature", "Dictionary", "ROLES", "KNOWN_AT", "TYPES", "CHECKS"]
