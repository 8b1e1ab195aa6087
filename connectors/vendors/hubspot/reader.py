"""HubSpot, page by page."""

import time
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from connectors.access import Access
from connectors.errors import NotPermitted
from connectors.protocol import Page, Table, Window, cell
from connectors.vendors.hubspot.keyset import Place, after
from connectors.vendors.hubspot.kinds import KINDS, Kind
from connectors.vendors.hubspot.translate import Words, columns_of, milliseconds, moment_of, stages_of

SIZE = 200  # what a search gives at most
HISTORY = 50  # records whose history may be asked for at once
BATCH = 100
SWEPT = timedelta(hours=26)  # how far back a day's look at the deleted goes, at least
PACE = 0.22  # seconds between two searches: HubSpot takes five a second from the whole account

STAGE_HISTORY = ("History ID", "History of deal", "Pipeline of stage", "Stage entered", "Entered at")
OWNERS = ("Owner ID", "Owner Name", "Owner Email", "Active", "Create Date", "Last Modified Date")


class HubSpot:
    """Reads one portal."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self.searched_at = 0.0
        self._owners: dict[str, str] | None = None
        self._columns: dict[str, tuple[list[tuple[str, str]], Words]] = {}

    def close(self) -> None:
        self.access.close()

    def greet(self) -> str:
        try:
            return f"portal {self._get('/account-info/v3/details').get('portalId')}"
        except NotPermitted:
            return "a portal"

    def page(self, kind: str, window: Window, position: dict[str, Any]) -> Page:
        if kind == "owners":
            return self._owner_page(position)
        if position.get("archived"):
            return self._archived(KINDS[kind], window, position)
        return self._changed(KINDS[kind], window, position)

    # what changed

    def _changed(self, kind: Kind, window: Window, position: dict[str, Any]) -> Page:
        columns, words = self._meaning(kind)
        header = position.get("columns") or [list(pair) for pair in columns]
        since = milliseconds(window.since) if window.since else 0
        place = Place.of(position["place"]) if position else Place(at=since)
        found = self._search(kind, place, window, [name for name, _ in header])
        stamped = [(row["id"], _stamp(kind, row)) for row in found]
        taken, then = after(place, stamped, SIZE)
        wanted, times = set(taken), dict(stamped)
        rows = [r for r in found if r["id"] in wanted and window.is_news(r["id"], str(times[r["id"]]))]
        tail = milliseconds(window.tail)
        return Page(
            tables=self._tables(kind, header, words, rows, window),
            gone=_merged(kind, rows),
            recent={key: str(at) for key, at in stamped if at >= tail},
            position={"columns": header, "place": then.as_dict()} if then else {"archived": True, "after": ""},
        )

    def _search(self, kind: Kind, place: Place, window: Window, names: list[str]) -> list[dict[str, Any]]:
        self._keep_pace()
        body = {
            "filterGroups": [{"filters": place.filters(kind.modified, milliseconds(window.until))}],
            "sorts": [place.sort(kind.modified)],
            "properties": sorted({*names, kind.modified, kind.created, "hs_object_id", "hs_merged_object_ids"}),
            "limit": SIZE,
        }
        return list(self.access.ask("POST", f"/crm/v3/objects/{kind.name}/search", json=body).json()["results"])

    def _keep_pace(self) -> None:
        time.sleep(max(0.0, self.searched_at + PACE - time.monotonic()))
        self.searched_at = time.monotonic()

    def _tables(
        self, kind: Kind, header: list[list[str]], words: Words, rows: list[dict[str, Any]], window: Window
    ) -> list[Table]:
        ids = [row["id"] for row in rows]
        links = {label: self._linked(kind.name, other, ids) for other, label in kind.links.items()}
        labels = [label for _, label in header]
        more = [*links, *kind.constants, *(["Stage outcome"] if kind.name == "deals" else [])]
        cells = []
        for row in rows:
            values = row["properties"]
            line = [words.cell(name, values.get(name)) for name, _ in header]
            line += [found.get(row["id"], "") for found in links.values()] + list(kind.constants.values())
            if kind.name == "deals":
                stage = words.stages.get(cell(values.get("dealstage")))
                line.append(stage.outcome if stage else "")
            cells.append(line)
        tables = [Table(kind.file, (*labels, *more), cells)]
        if kind.name == "deals":
            tables.append(Table("deal stage history", STAGE_HISTORY, self._history(rows, words)))
        return tables

    def _linked(self, kind: str, other: str, ids: list[str]) -> dict[str, str]:
        """Return {id: ids of its associated records, the primary one first}."""
        found: dict[str, str] = {}
        for some in _batches(ids, BATCH):
            body = {"inputs": [{"id": key} for key in some]}
            answer = self.access.ask("POST", f"/crm/v4/associations/{kind}/{other}/batch/read", json=body).json()
            for one in answer["results"]:
                linked = sorted(one["to"], key=lambda to: not _is_primary(to))
                found[str(one["from"]["id"])] = ";".join(str(to["toObjectId"]) for to in linked)
        return found

    def _history(self, rows: list[dict[str, Any]], words: Words) -> list[list[str]]:
        """Read every stage that the deals entered, and when."""
        cells = []
        for some in _batches([row["id"] for row in rows], HISTORY):
            body = {"inputs": [{"id": key} for key in some], "properties": [], "propertiesWithHistory": ["dealstage"]}
            answer = self.access.ask("POST", "/crm/v3/objects/deals/batch/read", json=body).json()
            for deal in answer["results"]:
                for entry in (deal.get("propertiesWithHistory") or {}).get("dealstage") or []:
                    entered = entry["timestamp"]
                    stage = words.stages.get(entry["value"])
                    named = (stage.pipeline, stage.label) if stage else ("", cell(entry["value"]))
                    cells.append([f"{deal['id']}@{entered}", str(deal["id"]), *named, cell(entered)])
        return cells

    # what is gone

    def _archived(self, kind: Kind, window: Window, position: dict[str, Any]) -> Page:
        """Read one page of what was deleted lately; HubSpot shows the last 90 days, in no order.

        That can be much, so only the first pull of a day asks; the very first has nothing to forget.
        """
        if window.since is None or window.since.date() == window.until.date():
            return Page(is_last=True)
        params = {"archived": "true", "limit": str(BATCH), **_after(position["after"])}
        found = self.access.ask("GET", f"/crm/v3/objects/{kind.name}", params=params).json()
        gone = [row["id"] for row in found["results"] if _archived_since(row, window)]
        then = _next(found)
        pairs = [(record, key) for key in gone for record in kind.records]
        return Page(gone=pairs, position={"archived": True, "after": then}, is_last=not then)

    # owners

    def _owner_page(self, position: dict[str, Any]) -> Page:
        """Read one page of the people; first those who are here, then those who left."""
        archived = position.get("archived", "false")
        found = self._owners_at(archived, position.get("after", ""))
        rows = [_owner(one, archived == "false") for one in found["results"]]
        then = _next(found)
        table = Table("owners", OWNERS, rows)
        if then:
            return Page([table], position={"archived": archived, "after": then})
        return Page([table], position={"archived": "true", "after": ""}, is_last=archived == "true")

    def _owners_at(self, archived: str, place: str) -> dict[str, Any]:
        return self._get("/crm/v3/owners", limit="100", archived=archived, **_after(place))

    def _all_owners(self) -> dict[str, str]:
        """Return {owner id: e-mail}, read once while this line is open."""
        if self._owners is None:
            found: dict[str, str] = {}
            for archived in ("true", "false"):
                place, is_more = "", True
                while is_more:
                    answer = self._owners_at(archived, place)
                    found |= {str(one["id"]): _email(one) for one in answer["results"]}
                    place = _next(answer)
                    is_more = bool(place)
            self._owners = found
        return self._owners

    # what the codes mean

    def _meaning(self, kind: Kind) -> tuple[list[tuple[str, str]], Words]:
        if kind.name not in self._columns:
            columns, words = columns_of(kind, self._get(f"/crm/v3/properties/{kind.name}"))
            words.owners = self._owners_if_allowed()
            if kind.pipelines:
                words.stages, words.pipelines = stages_of(self._get(f"/crm/v3/pipelines/{kind.name}"))
            self._columns[kind.name] = columns, words
        return self._columns[kind.name]

    def _owners_if_allowed(self) -> dict[str, str]:
        try:
            return self._all_owners()
        except NotPermitted:
            self._owners = {}
            return {}

    def _get(self, path: str, **params: str) -> dict[str, Any]:
        return dict(self.access.ask("GET", path, params=params).json())


def _stamp(kind: Kind, row: dict[str, Any]) -> int:
    values = row["properties"]
    moment = moment_of(cell(values.get(kind.modified) or row.get("updatedAt") or values.get(kind.created)))
    return milliseconds(moment) if moment else 0


def _merged(kind: Kind, rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Name the records that were merged into these and are no more."""
    gone = []
    for row in rows:
        merged = cell(row["properties"].get("hs_merged_object_ids"))
        gone += [(record, key) for key in merged.split(";") if key and key != row["id"] for record in kind.records]
    return gone


def _archived_since(row: dict[str, Any], window: Window) -> bool:
    moment = moment_of(cell(row.get("archivedAt")))
    return moment is None or window.since is None or moment >= window.since - SWEPT


def _is_primary(to: dict[str, Any]) -> bool:
    return any("primary" in (cell(one.get("label"))).lower() for one in to.get("associationTypes") or [])


def _email(owner: dict[str, Any]) -> str:
    return cell(owner.get("email")).lower() or f"owner {owner['id']}"


def _owner(one: dict[str, Any], is_active: bool) -> list[str]:
    name = f"{cell(one.get('firstName'))} {cell(one.get('lastName'))}".strip() or _email(one)
    return [cell(one["id"]), name, _email(one), cell(is_active), cell(one.get("createdAt")), cell(one.get("updatedAt"))]


def _next(found: dict[str, Any]) -> str:
    return cell(((found.get("paging") or {}).get("next") or {}).get("after"))


def _after(place: str) -> dict[str, str]:
    return {"after": place} if place else {}


def _batches(ids: list[str], size: int) -> Iterable[list[str]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))
