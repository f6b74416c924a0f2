"""What was watched is kept, and read again."""

from __future__ import annotations

import pytest

from risk.errors import BadSetting
from risk.watching import kept_drift, watch_drift
from risk.workbench import Workspace


def test_what_was_watched_is_kept_and_read_again(model, data, tmp_path) -> None:
    since = data.declarations[data.dictionary.clock].quantile(0.7)
    space = Workspace.at(tmp_path)
    assert kept_drift(space, model.model_id) is None
    found = watch_drift(model, data, since=since.isoformat(), workspace=space)
    again = kept_drift(space, model.model_id)
    assert again.sentence == found.sentence and len(again.table) == len(found.table)
    with pytest.raises(BadSetting, match="a day such as"):
        watch_drift(model, data, since="soon")
