"""HubSpot, page by page."""

import time
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from connectors.errors import NotPermitted
from connectors.protocol import Connection, Page, Table, Window, to_cell
from connectors.vendors.hubspot.keyset import SearchPosition, next_position
from connectors.vendors.hubspot.kinds import KINDS, Kind
from connectors.vendors.hubspot.translate import CodeLabels, columns_of, parse_time, stages_of, to_milliseconds

PAGE_SIZE = 200  # what a search gives at most
HISTORY_BATCH = 50  # records whose history may be asked for at once
BATCH = 100
DELETED_OVERLAP = timedelta(hours=26)  # how far back a day's look at the deleted goes, at least
SEARCH_INTERVAL = 0.22  # seconds between two searches: HubSpot takes five a second from the whole account

STAGE_HISTORY = ("History ID", "History of deal", "Pipeline of stage", "Stage entered", "Entered at")
OWNERS = ("Owner ID", "Owner Name", "Owner Email", "Active", "Create Date", "Last Modified Date")


class HubSpot:
    """Reads one portal."""

    def __init__(self, access: Connection) -> None:
        self.access = access
        self.searched_at = 0.0
        self._owners: dict[str, str] | None = None
        self._columns: dict[str, tuple[list[tuple[str, str]], CodeLabels]] = {}

    def close(self) -> None:
        self.access.close()

    def greet(self) -> str:
        try:
            return f"portal {self._get_json('/account-info/v3/details').get('portalId')}"
        except NotPermitted:
            return "a portal"

    def page(self, kind: str, window: Window, position: dict[str, Any]) -> Page:
        if kind == "owners":
            return self._owner_page(position)
        if position.get("archived"):
            return self._archived_page(KINDS[kind], window, position)
        return self._changed_page(KINDS[kind], window, position)

    # what changed

    def _changed_page(self, kind: Kind, window: Window, position: dict[str, Any]) -> Page:
        columns, labels = self._columns_and_labels(kind)
        header = position.get("columns") or [list(pair) for pair in columns]
        since = to_milliseconds(window.since) if window.since else 0
        start = SearchPosition.from_dict(position["place"]) if position else SearchPosition(at=since)
        found_rows = self._search_changed(kind, start, window, [name for name, _ in header])
        stamped = [(row["id"], _modified_ms(kind, row)) for row in found_rows]
        taken, next_start = next_position(start, stamped, PAGE_SIZE)
        wanted, times = set(taken), dict(stamped)
        rows = [r for r in found_rows if r["id"] in wanted and window.is_news(r["id"], str(times[r["id"]]))]
        tail = to_milliseconds(window.tail)
        return Page(
            tables=self._build_tables(kind, header, labels, rows, window),
            gone=_merged_records(kind, rows),
            recent={key: str(at) for key, at in stamped if at >= tail},
            position={"columns": header, "place": next_start.as_dict()}
            if next_start
            else {"archived": True, "after": ""},
        )

    def _search_changed(
        self, kind: Kind, start: SearchPosition, window: Window, names: list[str]
    ) -> list[dict[str, Any]]:
        self._keep_pace()
        body = {
            "filterGroups": [{"filters": start.search_filters(kind.modified, to_milliseconds(window.until))}],
            "sorts": [start.sort_order(kind.modified)],
            "properties": sorted({*names, kind.modified, kind.created, "hs_object_id", "hs_merged_object_ids"}),
            "limit": PAGE_SIZE,
        }
        return list(self.access.request("POST", f"/crm/v3/objects/{kind.name}/search", json=body).json()["results"])

    def _keep_pace(self) -> None:
        time.sleep(max(0.0, self.searched_at + SEARCH_INTERVAL - time.monotonic()))
        self.searched_at = time.monotonic()

    def _build_tables(
        self, kind: Kind, header: list[list[str]], code_labels: CodeLabels, rows: list[dict[str, Any]], window: Window
    ) -> list[Table]:
        ids = [row["id"] for row in rows]
        links = {label: self._associated_ids(kind.name, other, ids) for other, label in kind.links.items()}
        labels = [label for _, label in header]
        more = [*links, *kind.constants, *(["Stage outcome"] if kind.name == "deals" else [])]
        cells = []
        for row in rows:
            values = row["properties"]
            line = [code_labels.export_value(name, values.get(name)) for name, _ in header]
            line += [ids_by_record.get(row["id"], "") for ids_by_record in links.values()] + list(
                kind.constants.values()
            )
            if kind.name == "deals":
                stage = code_labels.stages.get(to_cell(values.get("dealstage")))
                line.append(stage.outcome if stage else "")
            cells.append(line)
        tables = [Table(kind.file, (*labels, *more), cells)]
        if kind.name == "deals":
            tables.append(Table("deal stage history", STAGE_HISTORY, self._stage_history(rows, code_labels)))
        return tables

    def _associated_ids(self, kind: str, other: str, ids: list[str]) -> dict[str, str]:
        """Return {id: ids of its associated records, the primary one first}."""
        associated: dict[str, str] = {}
        for batch in _in_batches(ids, BATCH):
            body = {"inputs": [{"id": key} for key in batch]}
            answer = self.access.request("POST", f"/crm/v4/associations/{kind}/{other}/batch/read", json=body).json()
            for result in answer["results"]:
                linked = sorted(result["to"], key=lambda to: not _is_primary(to))
                associated[str(result["from"]["id"])] = ";".join(str(to["toObjectId"]) for to in linked)
        return associated

    def _stage_history(self, rows: list[dict[str, Any]], labels: CodeLabels) -> list[list[str]]:
        """Read every stage that the deals entered, and when."""
        cells = []
        for batch in _in_batches([row["id"] for row in rows], HISTORY_BATCH):
            body = {"inputs": [{"id": key} for key in batch], "properties": [], "propertiesWithHistory": ["dealstage"]}
            answer = self.access.request("POST", "/crm/v3/objects/deals/batch/read", json=body).json()
            for deal in answer["results"]:
                for entry in (deal.get("propertiesWithHistory") or {}).get("dealstage") or []:
                    entered = entry["timestamp"]
                    stage = labels.stages.get(entry["value"])
                    pipeline_and_stage = (stage.pipeline, stage.label) if stage else ("", to_cell(entry["value"]))
                    cells.append([f"{deal['id']}@{entered}", str(deal["id"]), *pipeline_and_stage, to_cell(entered)])
        return cells

    # what is gone

    def _archived_page(self, kind: Kind, window: Window, position: dict[str, Any]) -> Page:
        """Read one page of what was deleted lately; HubSpot shows the last 90 days, in no order.

        That can be much, so only the first pull of a day asks; the very first has nothing to forget.
        """
        if window.since is None or window.since.date() == window.until.date():
            return Page(is_last=True)
        params = {"archived": "true", "limit": str(BATCH), **_after_param(position["after"])}
        answer = self.access.request("GET", f"/crm/v3/objects/{kind.name}", params=params).json()
        gone = [row["id"] for row in answer["results"] if _archived_since(row, window)]
        cursor = _next_cursor(answer)
        pairs = [(record, key) for key in gone for record in kind.records]
        return Page(gone=pairs, position={"archived": True, "after": cursor}, is_last=not cursor)

    # owners

    def _owner_page(self, position: dict[str, Any]) -> Page:
        """Read one page of the people; first those who are here, then those who left."""
        archived = position.get("archived", "false")
        answer = self._owners_at(archived, position.get("after", ""))
        rows = [_owner_row(owner, archived == "false") for owner in answer["results"]]
        cursor = _next_cursor(answer)
        table = Table("owners", OWNERS, rows)
        if cursor:
            return Page([table], position={"archived": archived, "after": cursor})
        return Page([table], position={"archived": "true", "after": ""}, is_last=archived == "true")

    def _owners_at(self, archived: str, cursor: str) -> dict[str, Any]:
        return self._get_json("/crm/v3/owners", limit="100", archived=archived, **_after_param(cursor))

    def _all_owners(self) -> dict[str, str]:
        """Return {owner id: e-mail}, read once while this line is open."""
        if self._owners is None:
            owners: dict[str, str] = {}
            for archived in ("true", "false"):
                cursor, is_more = "", True
                while is_more:
                    answer = self._owners_at(archived, cursor)
                    owners |= {str(owner["id"]): _owner_email(owner) for owner in answer["results"]}
                    cursor = _next_cursor(answer)
                    is_more = bool(cursor)
            self._owners = owners
        return self._owners

    # what the codes mean

    def _columns_and_labels(self, kind: Kind) -> tuple[list[tuple[str, str]], CodeLabels]:
        if kind.name not in self._columns:
            columns, labels = columns_of(kind, self._get_json(f"/crm/v3/properties/{kind.name}"))
            labels.owners = self._owners_if_allowed()
            if kind.pipelines:
                labels.stages, labels.pipelines = stages_of(self._get_json(f"/crm/v3/pipelines/{kind.name}"))
            self._columns[kind.name] = columns, labels
        return self._columns[kind.name]

    def _owners_if_allowed(self) -> dict[str, str]:
        try:
            return self._all_owners()
        except NotPermitted:
            self._owners = {}
            return {}

    def _get_json(self, path: str, **params: str) -> dict[str, Any]:
        return dict(self.access.request("GET", path, params=params).json())


def _modified_ms(kind: Kind, row: dict[str, Any]) -> int:
    values = row["properties"]
    moment = parse_time(to_cell(values.get(kind.modified) or row.get("updatedAt") or values.get(kind.created)))
    return to_milliseconds(moment) if moment else 0


def _merged_records(kind: Kind, rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Name the records that were merged into these and are no more."""
    gone = []
    for row in rows:
        merged = to_cell(row["properties"].get("hs_merged_object_ids"))
        gone += [(record, key) for key in merged.split(";") if key and key != row["id"] for record in kind.records]
    return gone


def _archived_since(row: dict[str, Any], window: Window) -> bool:
    moment = parse_time(to_cell(row.get("archivedAt")))
    return moment is None or window.since is None or moment >= window.since - DELETED_OVERLAP


def _is_primary(to: dict[str, Any]) -> bool:
    return any(
        "primary" in (to_cell(association.get("label"))).lower() for association in to.get("associationTypes") or []
    )


def _owner_email(owner: dict[str, Any]) -> str:
    return to_cell(owner.get("email")).lower() or f"owner {owner['id']}"


def _owner_row(owner: dict[str, Any], is_active: bool) -> list[str]:
    name = f"{to_cell(owner.get('firstName'))} {to_cell(owner.get('lastName'))}".strip() or _owner_email(owner)
    return [
        to_cell(owner["id"]),
        name,
        _owner_email(owner),
        to_cell(is_active),
        to_cell(owner.get("createdAt")),
        to_cell(owner.get("updatedAt")),
    ]


def _next_cursor(answer: dict[str, Any]) -> str:
    return to_cell(((answer.get("paging") or {}).get("next") or {}).get("after"))


def _after_param(cursor: str) -> dict[str, str]:
    return {"after": cursor} if cursor else {}


def _in_batches(ids: list[str], size: int) -> Iterable[list[str]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))
