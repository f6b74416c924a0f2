"""What the trainer may do, and when. As in `rules`: each returns events or refuses, and changes nothing."""

from __future__ import annotations

from risk.classroom import events as ev
from risk.classroom.state import Room
from risk.errors import BadSetting, ClassRefused

__all__ = [
    "bookmark",
    "close_item",
    "end",
    "extend",
    "go_on",
    "lock",
    "next_item",
    "remove",
    "set_window",
    "show_truth",
    "skip_item",
]


def _running(room: Room) -> None:
    if room.setup is None:
        raise ClassRefused("it was never opened", todo="Open a session first.")
    if room.over:
        raise ClassRefused("it is over", todo="Open a new session.")


def _paced(room: Room) -> None:
    _running(room)
    if not (room.step.judges and room.step.pacing == "trainer"):
        raise ClassRefused("this step has no items to open", todo="Use the step's own buttons.")


def go_on(room: Room, *, to: int) -> list[ev.Event]:
    """Move to step `to`, the present one plus one: so that a double click does not skip a step."""
    _running(room)
    if to == room.stage.step:
        return []
    if to != room.stage.step + 1 or to >= len(room.setup.plan.steps):
        raise ClassRefused("the next step is {n}, not {to}", todo="Reload the page.", n=room.stage.step + 1, to=to)
    closing = [ev.ItemClosed(room.stage.item)] if room.stage.open and room.stage.item >= 0 else []
    return [*closing, ev.Stepped(to)]


def next_item(room: Room, *, item: int) -> list[ev.Event]:
    """Put item number `item` (from 0) before everyone; it must be the one after the present one."""
    _paced(room)
    if item == room.stage.item:
        return []
    count = len(room.setup.sets[room.stage.step][0])
    if item != room.stage.item + 1 or item >= count:
        raise ClassRefused("the next item is {n} of {of}", todo="Reload the page.", n=room.stage.item + 2, of=count)
    closing = [ev.ItemClosed(room.stage.item)] if room.stage.open else []
    return [*closing, ev.ItemOpened(item)]


def close_item(room: Room) -> list[ev.Event]:
    """Take no more answers to the present item; its truth is shown where the step says so."""
    _paced(room)
    if room.stage.item < 0:
        raise ClassRefused("no item is open yet", todo="Open the first one.")
    if not room.stage.open:
        return []
    item_id = room.setup.sets[room.stage.step][0][room.stage.item]
    shown = [ev.TruthShown(item_id, True)] if room.step.reveal else []
    return [ev.ItemClosed(room.stage.item), *shown]


def skip_item(room: Room) -> list[ev.Event]:
    """Leave the present item out: it is closed, and answers given to it do not count."""
    _paced(room)
    if room.stage.item < 0:
        raise ClassRefused("no item is open yet", todo="Open the first one.")
    return [ev.ItemSkipped(room.stage.item)]


def extend(room: Room, *, seconds: int) -> list[ev.Event]:
    """Give more time to the present item or window."""
    _running(room)
    if not 1 <= seconds <= 3600:
        raise BadSetting("seconds", got=seconds, expected="1 to 3600 seconds")
    if not room.stage.open:
        raise ClassRefused("nothing is open that could get more time", todo="Open an item or a window first.")
    return [ev.Extended(seconds)]


def set_window(room: Room, *, closed: bool) -> list[ev.Event]:
    """Close the self-paced window, or open it again."""
    _running(room)
    if not (room.step.judges and room.step.pacing == "self"):
        raise ClassRefused("this step has no self-paced window", todo="Use the step's own buttons.")
    return [] if room.stage.open is not closed else [ev.WindowClosed(closed)]


def lock(room: Room, *, locked: bool) -> list[ev.Event]:
    """Close the door to new trainees, or open it."""
    _running(room)
    return [] if room.locked == locked else [ev.Locked(locked)]


def remove(room: Room, *, seat: str) -> list[ev.Event]:
    """Take a seat out: it can do nothing more. What it said so far stays in the sums (see `judgements`)."""
    _running(room)
    if seat not in room.seats:
        raise ClassRefused("there is no seat {seat}", todo="Reload the page.", seat=seat)
    return [] if room.seats[seat].removed else [ev.Removed(seat)]


def _known(room: Room, item_id: str) -> None:
    _running(room)
    if item_id not in room.setup.items:
        raise ClassRefused("item {item} is not part of it", todo="Choose one of the session's items.", item=item_id)


def show_truth(room: Room, *, item_id: str, shown: bool) -> list[ev.Event]:
    """Put an item's truth on the board, or take it off; never while the item is open."""
    _known(room, item_id)
    if shown and room.stage.open and room.stage.item >= 0:
        if room.setup.sets[room.stage.step][0][room.stage.item] == item_id:
            raise ClassRefused("the item is still open", todo="Close it first.")
    return [] if room.truth.get(item_id, False) == shown else [ev.TruthShown(item_id, shown)]


def bookmark(room: Room, *, item_id: str, marked: bool) -> list[ev.Event]:
    """Mark an item for the discussion, or unmark it."""
    _known(room, item_id)
    return [] if (item_id in room.bookmarks) == marked else [ev.Bookmarked(item_id, marked)]


def end(room: Room) -> list[ev.Event]:
    """Close the session for good. Ending twice does nothing."""
    return [] if room.over else [ev.Ended()]
