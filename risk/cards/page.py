"""A card as one HTML file: sections of Mitchell et al. (2019), nothing from outside, made to be printed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from risk.cards.build import FREE
from risk.cards.plot import calibration_svg

__all__ = ["card_page"]

_STYLE = """body{font:15px/1.5 sans-serif;max-width:54em;margin:2em auto;padding:0 1em;color:#16202b;
background:#fff}h1{font-size:1.55em;line-height:1.25;margin:0 0 .3em;overflow-wrap:anywhere}
h2{font-size:1.2em;margin:1.7em 0 .3em;border-bottom:2px solid #0b5394;padding-bottom:.15em}
h3{font-size:1em;margin:1.2em 0 .2em}p{margin:.4em 0}ul{margin:.3em 0;padding-left:1.2em}li{margin:.25em 0}
table{border-collapse:collapse;width:100%;font-size:.94em;margin:.3em 0}td,th{border-bottom:1px solid #ccd3da;
padding:.25em .7em .25em 0;text-align:left;vertical-align:top;overflow-wrap:break-word}th{font-weight:600;
vertical-align:bottom}.n{text-align:right;font-variant-numeric:tabular-nums}td.n{white-space:nowrap}
.facts th{width:32%;font-weight:500;color:#3c4852;vertical-align:top}.facts td{overflow-wrap:anywhere}
.wide{overflow-x:auto}.lead{border-left:4px solid #a3241b;padding:.3em .8em;background:#f6f7f9}
.small{font-size:.87em;color:#3c4852}code{font-size:.9em;overflow-wrap:anywhere}svg{display:block;width:100%;
max-width:34em;height:auto}@page{margin:16mm 14mm}
@media print{body{margin:0;max-width:none;padding:0;font-size:9.5pt}h2,h3{break-after:avoid}
tr,li,svg{break-inside:avoid}.wide{overflow:visible}}"""
_MEASURES = {"auc": "AUC", "average_precision": "Average precision", "brier": "Brier score (0 is best)"}
_POLICIES = {"random": "random choice", "rules": "rule book", "oracle": "best possible"}


def card_page(card: Mapping[str, Any]) -> str:
    """The page of a card. The same card gives the same bytes."""
    title = f"Model card: {card['model']['id']}"
    said = card["texts"]
    sections = (
        ("Model details", _details(card)),
        ("Intended use", _use(said)),
        ("Factors", _factors(card)),
        ("Metrics", _p(said["why_these_metrics"])),
        ("Evaluation data", _evaluation_data(card["evaluation"])),
        ("Training data", _training_data(card["training_data"])),
        ("Quantitative analyses", _analyses(card)),
        ("Ethical considerations", _list(said["ethical_considerations"])),
        ("Caveats and recommendations", _list([*card["limits"], *card["texts"]["caveats"]]) + _again(card)),
        ("Logging, transparency, oversight, robustness", _heads(said)),
    )  # fmt: skip
    lead = (
        "For training, not for live enforcement. A score is about a declaration, never about a person; an "
        "explanation explains the score, not the item."
    )
    body = f"<h1>{escape(title)}</h1><p class='lead'>{lead}</p>"
    body += "".join(f"<section><h2>{escape(name)}</h2>{part}</section>" for name, part in sections)
    head = (
        "<meta charset='utf-8'><meta name='viewport' content='width=device-width,initial-scale=1'>"
        f"<title>{escape(title)}</title><style>{_STYLE}</style>"
    )
    return f"<!doctype html>\n<html lang='en'><head>{head}</head><body>{body}</body></html>\n"


def _details(card: Mapping[str, Any]) -> str:
    m, e = card["model"], card["explanation"]
    rows = [
        ("Model", m["id"]),
        ("Kind", m["kind"]),
        ("Made", _moment(m["created_utc"])),
        ("Content digest (SHA-256)", m["content_sha256"]),
        ("Form of the stored model", f"format {m['format']}"),
        ("Versions", ", ".join(f"{k} {v}" for k, v in sorted(m["versions"].items()))),
        ("Explanations", e["method"]),
        (
            "Do they add up?",
            f"largest gap between base value plus attributions and the margin, over {e['items']} stored items: "
            f"{e['largest_gap']:.1e} log-odds; at most {e['tolerance']:g} is shown",
        ),
        ("Ask", card["texts"]["contact"]),
    ]
    files = [(f"SHA-256 of {name}", digest) for name, digest in sorted(m["sha256"].items())]
    return _facts([*rows, *files])


def _use(said: Mapping[str, Any]) -> str:
    return (
        _p(said["intended_use"])
        + "<h3>Intended users</h3>"
        + _p(said["intended_users"])
        + "<h3>Out of scope</h3>"
        + _list(said["out_of_scope"])
    )


def _factors(card: Mapping[str, Any]) -> str:
    titles = {f["name"]: f["title"] for f in card["features"]}
    pairs = [f"{titles[a]} × {titles[b]}" for a, b in card["pairs"]]
    boosted = card["model"]["kind"] == "boosted"
    none = "Not named: any details may be mixed." if boosted else "None: every detail acts by itself."
    groups = ", ".join(g["title"].lower() for g in card["evaluation"]["groups"].values()) or "no field"
    return (
        _directions(card["features"])
        + "<h3>Pairs that act together</h3>"
        + (_list(pairs) if pairs else _p(none))
        + _p(f"False alarms are reported by: {groups}.")
    )


def _directions(features: Sequence[Mapping[str, Any]]) -> str:
    """Details held to a direction, each with its reason; then the free ones by concept."""
    held = [f for f in features if f["direction"] != FREE]
    concepts: dict[str, list[str]] = {}
    for f in features:
        if f["direction"] == FREE:
            unit = f" ({f['unit']})" if f["unit"] and f["unit"] not in f["title"].lower() else ""
            concepts.setdefault(f["concept"].replace("_", " ") or "other", []).append(f["title"] + unit)
    rows = [(f["title"], f"{f['direction'][0].upper()}{f['direction'][1:]}. {f['because']}") for f in held]
    free = [(concept.capitalize(), ", ".join(names)) for concept, names in concepts.items()]
    many = sum(map(len, concepts.values()))
    return (
        _p(f"{len(features)} details of a declaration; the score may use each in the direction stated here.")
        + (f"<h3>Held to one direction ({len(held)})</h3>" + _facts(rows) if held else "")
        + (f"<h3>Free to rise and fall ({many})</h3>" + _facts(free) if free else "")
    )


def _evaluation_data(judged: Mapping[str, Any]) -> str:
    by = "truth, which a made world can tell" if judged["judge"] == "truth" else "what examinations showed"
    rows = [("Items it had not learnt from", f"{judged['items']:,}"), ("Judged by", by)]
    return _facts([*rows, ("Period", _span(judged["period"]))])


def _training_data(t: Mapping[str, Any]) -> str:
    made, n, c = t["generator"], t["counts"], t["calibration"] or {}
    labels = "what examinations showed" if t["labels"] == "examined" else "every item's truth (made world)"
    source = (
        f"made data: world '{made['world']}' ({made['world_id'] or 'no id'}), generator seed {made['seed']}, "
        f"{made['items']:,} items"
        if made
        else "brought in; not made by this workbench"
    )
    rows = [
        ("Source", source),
        ("Digest of the data (SHA-256)", t["digest"]),
        ("Period", _span(t["period"])),
        ("Labels", labels),
        ("Parted", t["split"]),
        ("Newest item it learnt from", _moment(t["fit_until"])),
        ("Fitted on", f"{n['n_fit']:,} labelled items, {n['found_fit']:,} irregular"),
        ("Explained against", f"{n['n_stream']:,} items of the same period, labelled or not"),
        ("Calibrated on", f"{n['n_calibrate']:,} later labelled items, {n['found_calibrate']:,} irregular"),
        ("Calibration", f"margin × {c.get('slope', 1):.4g} {c.get('shift', 0):+.4g} log-odds"),
        ("Settings", _settings(t)),
        ("Left out on purpose", ", ".join(t["without"]) or "nothing"),
        ("Seed of the fit", t["seed"]),
    ]
    return _facts(rows)


def _settings(t: Mapping[str, Any]) -> str:
    said = ", ".join(f"{k} {v:g}" for k, v in t["settings"].items()) or "the project's own, by the number of finds"
    found = t["tuning"]
    return said if not found else f"{said}; best of {found['trials']} trials by {found['measure']}"


def _analyses(card: Mapping[str, Any]) -> str:
    e = card["evaluation"]
    metrics = [
        (_MEASURES.get(r["measure"], r["measure"]), f"{r['value']:.3f}", f"{r['low']:.3f}–{r['high']:.3f}")
        for r in e["metrics"]
    ]
    capacity = [
        (f"{r['examination_rate']:.1%}", _POLICIES.get(r["policy"], "this model"),
         _percent(r["detection_rate"]), _percent(r["hit_rate"]),
         _interval(r, "hit_rate_low", "hit_rate_high"))
        for r in e["capacity"]
    ]  # fmt: skip
    bins = [(_percent(r["stated"], 2), _percent(r["observed"], 2),
             _interval(r, "low", "high", 2), f"{r['n']:,}") for r in e["reliability"]]  # fmt: skip
    return (
        "<h3>As a ranking and as a probability</h3>"
        + _table(("Measure", "Value", "95 % interval"), metrics, right=(1, 2))
        + "<h3>At a capacity</h3>"
        + _p("When the share with the highest scores is examined. Best possible: what only the made world can tell.")
        + _table(("Examined", "Chosen by", "Of all irregular, found", "Irregular among examined", "95 % interval"),
                 capacity, right=(0, 2, 3, 4))
        + "<h3>Calibration</h3>"
        + calibration_svg(e["reliability"])
        + "<p class='small'>Items in groups by score. On the dashed line, as many were irregular as the scores said; "
        "bars are 95 % intervals. Axes in log-odds.</p>"
        + _table(("Said", "Was", "95 % interval", "Items"), bins, right=(0, 1, 2, 3))
        + "".join(_group(g["title"], g["rows"]) for g in e["groups"].values())
    )  # fmt: skip


def _group(title: str, rows: Sequence[Mapping[str, Any]]) -> str:
    cells = [
        (r["title"], f"{r['n']:,.0f}", _percent(r["examination_rate"], 1), _percent(r["hit_rate"]),
         _percent(r["false_alarm_rate"], 2),
         _interval(r, "false_alarm_low", "false_alarm_high", 2))
        for r in rows
    ]  # fmt: skip
    headers = ("Group", "Items", "Examined", "Irregular among examined", "Regular items examined", "95 % interval")
    heading = f"<h3>By {escape(title.lower())}, when the top 2 % are examined</h3>"
    return heading + _table(headers, cells, right=(1, 2, 3, 4, 5))


def _again(card: Mapping[str, Any]) -> str:
    commands = "<br>".join(f"<code>{escape(c)}</code>" for c in card["reproduce"]["commands"])
    return f"<h3>To make it again</h3><p>{commands}</p>" + _p(card["reproduce"]["note"])


def _heads(said: Mapping[str, Any]) -> str:
    names = (
        ("Record-keeping (heading of art. 12)", "logging"),
        ("Transparency (heading of art. 13)", "transparency"),
        ("Human oversight (heading of art. 14)", "human_oversight"),
        ("Accuracy, robustness and cybersecurity (heading of art. 15)", "accuracy_robustness"),
    )
    note = (
        "Ordered by the headings of Regulation (EU) 2024/1689, articles 12 to 15, so that readers who know them find "
        "their way. No conformity with that regulation is claimed, and none was assessed."
    )
    return f"<p class='small'>{note}</p>" + "".join(f"<h3>{title}</h3>{_p(said[key])}" for title, key in names)


def _p(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _list(lines: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"


def _facts(rows: Iterable[tuple[str, Any]]) -> str:
    cells = "".join(f"<tr><th scope='row'>{escape(k)}</th><td>{escape(str(v))}</td></tr>" for k, v in rows)
    return f"<table class='facts'>{cells}</table>"


def _table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    def cells(row: Sequence[str], tag: str, more: str = "") -> str:
        classes = [" class='n'" if i in right else "" for i in range(len(row))]
        return "".join(f"<{tag}{more}{c}>{escape(str(v))}</{tag}>" for v, c in zip(row, classes, strict=True))

    head = cells(headers, "th", " scope='col'")
    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    return f"<div class='wide'><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def _percent(value: float | None, digits: int = 0) -> str:
    return "–" if value is None else f"{100 * value:.{digits}f} %"


def _interval(row: Mapping[str, Any], low: str, high: str, digits: int = 0) -> str:
    if row.get(low) is None or row.get(high) is None:
        return "–"
    return f"{100 * row[low]:.{digits}f}–{_percent(row[high], digits)}"


def _moment(text: str | None) -> str:
    return "not stated" if not text else f"{text[:10]} {text[11:16]} UTC" if len(text) > 15 else text


def _span(period: Sequence[str] | None) -> str:
    return f"{_moment(period[0])} to {_moment(period[1])}" if period else "no time is recorded"
