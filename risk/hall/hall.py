"""The hall: training sessions with their doors, where rules meet the store.

Every action takes the key of whoever acts, and looks up what that key may do, each time: a page that shows
a button gives no right.
"""

from __future__ import annotations

import json
import re
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hmac import compare_digest
from pathlib import Path

from risk.access import Actor, make_actor, require
from risk.classroom import control, rules
from risk.classroom import events as ev
from risk.classroom.board import Board, SeatRow, board, seat_rows
from risk.classroom.debrief import Card, Report, card, report
from risk.classroom.item_sets import BANDS, draw_sets
from risk.classroom.names import clean_code, token_hash
from risk.classroom.plan import Plan, Setup, Step, williams
from risk.classroom.state import Room, Seat
from risk.errors import BadSetting, ClassRefused, NotAllowed, NotFound
from risk.hall.door import Guesses, Key, new_code, new_secret
from risk.hall.material import Pool, save_rows
from risk.store import Acted, Header, Note, Rooms, Store
from risk.workbench import Workspace

__all__ = ["Hall", "Opened", "Order", "by_hand"]

BOARD_SECONDS = 1.0
KEEP_DAYS = 30
TRAINER = ["trainer"]


@dataclass(frozen=True)
class Order:
    """What a trainer asks for: a plan, its title, a seed, how hard, and items picked by hand, if any."""

    plan: Plan
    title: str = ""
    seed: int = 0
    bands: tuple[str, ...] = tuple(BANDS)
    picked: tuple[str, ...] = ()


@dataclass(frozen=True)
class Opened:
    """A new session. The two keys are told once, here; only their hashes are kept."""

    session_id: str
    code: str
    trainer: Key
    watch: Key


def by_hand(items: int) -> Plan:
    """A plan around items picked by hand: everyone looks at them together, before and after the reasons."""
    looks = Step("block", mode="SCORE_WHY", items=items, pacing="trainer", seconds=60, reveal=True)
    return Plan(
        "by-hand", 5 + 2 * items, (Step("lobby"), Step("check"), looks, Step("debrief"), Step("exit"))
    )


class Hall:
    """All sessions of a workspace. One for the process; safe to share between threads."""

    def __init__(self, workspace: Workspace, store: Store) -> None:
        """Keep sessions in `store`, their items beside it."""
        self.workspace, self.rooms = workspace, Rooms(store)
        self._guesses, self._lock = Guesses(), threading.Lock()
        self._headers: dict[str, Header] = {}
        self._boards: dict[str, tuple[float, Board]] = {}
        self._connected: Counter[tuple[str, str]] = Counter()

    # -- opening ------------------------------------------------------------------------------------------

    def open(self, order: Order, pool: Pool, *, actor: Actor) -> Opened:
        """Draw the items, fix the setup, open the lobby. Errors: `NotAllowed`, `Refused`, `NotRecorded`."""
        require(actor, "run_session")
        self.erase_old()  # here and when the server starts: one that runs for months forgets, too
        setup = self._setup(order, pool)
        made = Opened(secrets.token_hex(6), new_code(), Key("", new_secret()), Key("", new_secret()))
        trainer, watch = (Key(made.session_id, key.secret) for key in (made.trainer, made.watch))
        title = order.title.strip()[:80] or setup.plan.name
        header = Header(made.session_id, made.code, title, actor.name, setup.plan.name,
                        token_hash(trainer.secret), token_hash(watch.secret))  # fmt: skip
        first = ev.Opened(made.session_id, title, actor.name, setup.payload())
        told = {"session_id": made.session_id, "plan": setup.plan.name, "model_id": setup.model_id,
                "items_digest": setup.digest, "seed": setup.seed}  # fmt: skip
        self.rooms.open(header, first, note=Note(actor, "run_session", "class_opened", told))
        return Opened(made.session_id, made.code, trainer, watch)

    def _setup(self, order: Order, pool: Pool) -> Setup:
        plan = order.plan.check()
        sets = _picked(order, pool) or draw_sets(
            pool.facts, plan, seed=order.seed, prevalence=pool.prevalence, bands=order.bands
        )
        ids = {i for several in sets.values() for one in several for i in one}
        digest = save_rows(self.workspace, pool, sorted(ids))
        return Setup(
            plan,
            sets,
            {i.item_id: i for i in pool.facts if i.item_id in ids},
            pool.model_id,
            digest,
            order.seed,
            round(pool.threshold, 6),
            round(pool.prevalence, 6),
            williams(len(plan.rotated)) if plan.study else (),
        )

    def headers(self, *, actor: Actor) -> list[Header]:
        """All sessions, the newest first; for trainers."""
        require(actor, "run_session")
        return self.rooms.headers()

    # -- sets picked by hand ------------------------------------------------------------------------------

    def save_set(self, name: str, item_ids: Sequence[str], *, actor: Actor) -> Path:
        """Keep item ids under a name. Errors: `NotAllowed`, `BadSetting` for a name that is no plain word."""
        require(actor, "run_session")
        if not re.fullmatch(r"[\w][\w -]{0,39}", name.strip()) or not item_ids:
            raise BadSetting("set", got=name, expected="a name of letters and digits, and at least one item")
        path = self._sets / f"{name.strip()}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"items": list(item_ids)}), encoding="utf-8")
        return path

    def saved_sets(self) -> list[str]:
        """Names of the saved sets."""
        return sorted(path.stem for path in self._sets.glob("*.json"))

    def load_set(self, name: str) -> tuple[str, ...]:
        """The item ids of a saved set. Errors: `NotFound`."""
        if name not in self.saved_sets():
            raise NotFound("set of items", name, known=self.saved_sets(), todo="Choose one of the list.")
        return tuple(json.loads((self._sets / f"{name}.json").read_text(encoding="utf-8"))["items"])

    @property
    def _sets(self) -> Path:
        return self.workspace.root / "classes" / "sets"

    # -- the door -----------------------------------------------------------------------------------------

    def join(self, code: str, *, visitor: str) -> Key:
        """Take a seat with the code on the board; returns the seat's key. `visitor` is only counted by.

        Errors: `ClassRefused` for a wrong code, a closed door, a full room, or too many guesses.
        """
        session_id = self.session_of(code, visitor=visitor)
        key, seat = Key(session_id, new_secret()), secrets.token_hex(4)
        self.rooms.act(session_id, lambda room: rules.join(room, seat, token_hash=token_hash(key.secret)))
        return key

    def session_of(self, code: str, *, visitor: str) -> str:
        """The running session of a join code. Errors: `ClassRefused`, the same for wrong and for over."""
        now = time.monotonic()
        self._guesses.check(visitor, now=now)
        try:
            wanted = clean_code(code)
            found = next(h for h in self.rooms.headers() if h.code == wanted and not h.ended_at)
        except (ClassRefused, StopIteration):
            self._guesses.wrong(visitor, now=now)
            raise ClassRefused("no session has this code now", todo="Look at the board again.") from None
        return found.session_id

    def seat(self, key: Key) -> tuple[Room, Seat]:
        """The seat a key belongs to, with the session's state. Errors: `ClassRefused`, `NotFound`."""
        room = self.rooms.room(key.session_id)
        return room, rules.seat_by_token(room, token_hash(key.secret))

    def is_trainer(self, key: Key) -> bool:
        """Whether a key is the trainer's."""
        return self._opens(key, "trainer_hash")

    def may_watch(self, key: Key) -> bool:
        """Whether a key opens the board: the observer's or the trainer's."""
        return self._opens(key, "watch_hash") or self._opens(key, "trainer_hash")

    def try_key(self, key: Key, opens: Callable[[Hall, Key], bool], *, visitor: str) -> bool:
        """Whether a typed key opens something; wrong ones count as guesses. Errors: `ClassRefused`."""
        now = time.monotonic()
        self._guesses.check(visitor, now=now)
        try:
            fits = opens(self, key)
        except NotFound:
            fits = False
        if not fits:
            self._guesses.wrong(visitor, now=now)
        return fits

    def _opens(self, key: Key, lock: str) -> bool:
        return compare_digest(getattr(self.header(key.session_id), lock), token_hash(key.secret))

    def header(self, session_id: str) -> Header:
        """A session's header; what is fixed in it is read once. Errors: `NotFound`."""
        if session_id not in self._headers:
            self._headers[session_id] = self.rooms.header(session_id)
        return self._headers[session_id]

    # -- acting -------------------------------------------------------------------------------------------

    def answer(
        self, key: Key, rule: Callable[..., list], event: Callable[[str], ev.Event], *, click: str
    ) -> Acted:
        """Do what a trainee may do: `rule` of `risk.classroom.rules`, `event` made for the key's own seat.

        Returns once it is durable. `click` is the submission's idempotency key.
        """
        _, seat = self.seat(key)
        require(make_actor(seat.pseudonym, ["trainee"]), "answer")
        given = event(seat.seat_id)
        return self.rooms.act(key.session_id, lambda room: rule(room, given, key=click), key=click)

    def direct(self, key: Key, rule: Callable[..., list], **wanted: object) -> Acted:
        """Do what the trainer may do: a rule of `risk.classroom.control`. The audit log notes steps."""
        actor = self._trainer(key)
        note = None
        if rule in (control.go_on, control.end):
            event = "class_ended" if rule is control.end else "class_step"
            note = Note(actor, "run_session", event, {k: v for k, v in wanted.items() if k == "to"})
        return self.rooms.act(key.session_id, lambda room: rule(room, **wanted), note=note)

    def _trainer(self, key: Key) -> Actor:
        if not self.is_trainer(key):
            raise NotAllowed(
                "This key is not the trainer's: directing a session needs the trainer's own key."
            )
        return make_actor(self.header(key.session_id).trainer, TRAINER)

    # -- looking ------------------------------------------------------------------------------------------

    def board(self, key: Key) -> Board:
        """The aggregate that all boards share, at most a second old. Errors: `NotAllowed`."""
        if not self.may_watch(key):
            raise NotAllowed("This key does not open the board.")
        return self.shared_board(key.session_id)

    def shared_board(self, session_id: str) -> Board:
        """The same, for code that has checked the key."""
        room, now = self.rooms.room(session_id), time.monotonic()
        with self._lock:
            known = self._boards.get(session_id)
            if known is None or (known[1].seq != room.seq and now - known[0] >= BOARD_SECONDS):
                known = self._boards[session_id] = (now, board(room))
            return known[1]

    def seal(self, key: Key) -> str:
        """The audit log's seal at the session's last step: 16 characters to write down."""
        self.board(key)
        return self.rooms.header(key.session_id).seal

    def side_panel(self, key: Key) -> list[tuple[SeatRow, bool]]:
        """Where each seat stands and whether it is connected; for the trainer only."""
        self._trainer(key)
        room = self.rooms.room(key.session_id)
        return [(row, self.is_connected(key.session_id, row.seat)) for row in seat_rows(room)]

    def room_for_trainer(self, key: Key) -> Room:
        """The whole state; for the trainer only."""
        self._trainer(key)
        return self.rooms.room(key.session_id)

    def report(self, key: Key) -> Report:
        """The trainer's report, from the debrief on: earlier, two looks would tell one person's answer apart.

        Errors: `NotAllowed`, `ClassRefused` before the debrief, `NotFound` once the answers were deleted.
        """
        self._trainer(key)
        room = self.rooms.room(key.session_id)
        if room.step.kind not in ("debrief", "exit") and not room.over:
            raise ClassRefused("the report is made at the debrief", todo="Lead the class on to it first.")
        return report(room)

    def card(self, key: Key) -> Card:
        """A trainee's own card, from the debrief on. Errors: `ClassRefused` before it."""
        room, seat = self.seat(key)
        if room.step.kind not in ("debrief", "exit") and not room.over:
            raise ClassRefused("cards are given at the debrief", todo="Go on judging until then.")
        return card(room, seat)

    @contextmanager
    def connection(self, session_id: str, seat: str) -> Iterator[None]:
        """Count a seat as connected while the block runs."""
        place = (session_id, seat)
        with self._lock:
            self._connected[place] += 1
        try:
            yield
        finally:
            with self._lock:
                self._connected[place] -= 1

    def is_connected(self, session_id: str, seat: str) -> bool:
        """Whether a page of this seat is open somewhere."""
        return self._connected[session_id, seat] > 0

    def connected(self, session_id: str) -> int:
        """How many seats are connected."""
        return sum(n > 0 for (of, seat), n in list(self._connected.items()) if of == session_id and seat)

    # -- forgetting ---------------------------------------------------------------------------------------

    def erase(self, key: Key) -> None:
        """Delete every answer and pseudonym of a session now; its report of aggregates stays."""
        self._erase(key.session_id, self._trainer(key))

    def erase_old(self, *, days: float = KEEP_DAYS) -> Sequence[str]:
        """Delete the answers of sessions older than `days`; returns their ids."""
        before = time.time() - 86_400 * days
        old = [h for h in self.rooms.headers() if not h.erased_at and h.opened_at < before]
        for header in old:
            self._erase(header.session_id, make_actor(header.trainer, TRAINER))
        return [h.session_id for h in old]

    def _erase(self, session_id: str, actor: Actor) -> None:
        try:
            summary = asdict(report(self.rooms.room(session_id)))
        except NotFound:
            raise ClassRefused("its answers are deleted already", todo="Nothing is left to delete.") from None
        note = Note(actor, "delete_session", "class_erased", {"why": "asked for, or kept long enough"})
        self.rooms.erase(session_id, summary, note=note)
        with self._lock:
            self._boards.pop(session_id, None)


def _picked(order: Order, pool: Pool) -> dict[int, tuple[tuple[str, ...], ...]]:
    """Sets of items picked by hand; empty where the plan draws its own."""
    if not order.picked:
        return {}
    known = {i.item_id for i in pool.facts}
    for item_id in order.picked:
        if item_id not in known:
            raise NotFound("item", item_id, todo="Pick from the stream of the class.")
    return {n: (order.picked[: s.items],) for n, s in enumerate(order.plan.steps) if s.judges}
