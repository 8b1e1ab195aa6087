"""Pipedrive, page by page."""

import time
from typing import Any

from connectors.access import Access
from connectors.errors import Busy, Misunderstood, NotPermitted
from connectors.protocol import Page, Table, Window, cell, distinct
from connectors.vendors.pipedrive.kinds import KINDS, LEADS, Kind
from connectors.vendors.pipedrive.values import (
    begun,
    inner,
    is_before,
    is_within,
    modified,
    moment,
    moved,
    options,
    primary,
    reach,
    recent,
    rfc3339,
)
from team.models import Company

SIZE = 100
STEP_BACK = 5  # leads are paged by position: what is taken out meanwhile would let one slip past
LOG_SIZE = 500
LOG_SECONDS = 20.0  # deals' logs are asked for one by one; a page of them ends after this long
MOST_CUSTOM = 400  # the import takes 500 columns
USERS = ("User - ID", "User - Name", "User - Email", "User - Active", "User - Created", "User - Update time")
HISTORY = ("Change - ID", "Change - Deal ID", "Change - Pipeline", "Change - Stage", "Change - Time")


class Pipedrive:
    """Reads one company."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self._described: dict[str, tuple[dict[str, str], dict[str, dict[str, str]]]] = {}
        self._lists: dict[str, list[dict[str, Any]]] = {}
        self.zone = Company.get().zone

    def close(self) -> None:
        self.access.close()

    def greet(self) -> str:
        found = self._ask("/v1/users/me")["data"]
        return f"{found.get('company_name') or 'company'}, as {found.get('name') or found.get('email')}"

    def page(self, kind: str, window: Window, position: dict[str, Any]) -> Page:
        if kind == "users":
            return self._users()
        if kind == "leads":
            return self._leads(window, position)
        if position.get("logs"):
            return self._logs(position)
        return self._changed(KINDS[kind], window, position)

    # what changed

    def _changed(self, kind: Kind, window: Window, position: dict[str, Any]) -> Page:
        params = {
            "limit": str(SIZE), "sort_by": "update_time", "sort_direction": "asc",
            "updated_until": rfc3339(window.until), **dict(kind.params),
        }  # fmt: skip
        since = position.get("since") or (rfc3339(window.since) if window.since else "")
        params |= {"updated_since": since} if since else {}
        params |= {"cursor": position["cursor"]} if position.get("cursor") else {}
        try:
            found = self._ask(kind.path, **params)
        except Misunderstood:
            if not position.get("cursor"):
                raise
            # the cursor is stale: go on from the last time seen
            return Page(position={**position, "since": position["reached"], "cursor": ""})
        return self._page(kind, window, {"since": since, **position}, found)

    def _page(self, kind: Kind, window: Window, position: dict[str, Any], found: dict[str, Any]) -> Page:
        rows = found["data"] or []
        custom = position.get("columns") or (self._describe(kind)[0] if kind.fields else {})
        fresh = [row for row in rows if window.is_news(str(row["id"]), modified(row))]
        alive = [row for row in fresh if not row.get("is_deleted")]
        cursor = cell((found.get("additional_data") or {}).get("next_cursor"))
        reached = modified(rows[-1]) if rows else position.get("reached", "")
        then: dict[str, Any] = {"since": position["since"], "cursor": cursor, "reached": reached, "columns": custom}
        if kind.name == "deals":
            then["logs"] = [begun(row) for row in alive if moved(row, window)]
        return Page(
            tables=[self._table(kind, alive, custom)],
            gone=[(record, str(row["id"])) for row in fresh if row.get("is_deleted") for record in kind.records],
            recent=recent(rows, window),
            position={**then, "over": not cursor},
            is_last=not cursor and not then.get("logs"),
        )

    def _table(self, kind: Kind, rows: list[dict[str, Any]], custom: dict[str, str]) -> Table:
        labels = self._describe(kind)[1] if kind.fields else {}
        header = (*kind.labels.values(), *custom.values())
        cells = []
        for row in rows:
            own = row.get("custom_fields") or row
            line = [self._cell(key, reach(row, key), labels) for key in kind.labels]
            cells.append(line + [self._cell(key, own.get(key), labels) for key in custom])
        return Table(kind.name, header, cells)

    def _cell(self, key: str, value: Any, labels: dict[str, dict[str, str]]) -> str:
        if key.rpartition(".")[2] in {"emails", "phones"}:
            return primary(value)
        if isinstance(value, list):
            return ";".join(self._cell(key, one, labels) for one in value)
        word = inner(value) if isinstance(value, dict) else cell(value)
        if key == "stage_id":
            return self._stage(word)
        if key == "pipeline_id":
            return self._pipeline(word)
        return self._time(word) if key.endswith("_time") else labels.get(key, {}).get(word, word)

    def _time(self, word: str) -> str:
        """Write a time by the company's clock, so that its day is the day people saw."""
        found = moment(word)
        return found.astimezone(self.zone).isoformat() if found else word

    # the log of a deal

    def _logs(self, position: dict[str, Any]) -> Page:
        """Read the logs of the deals of the page before, as many as the time allows."""
        waiting, rows, until = list(position["logs"]), [], time.monotonic() + LOG_SECONDS
        while waiting and time.monotonic() < until:
            rows += self._log(waiting.pop(0))
        over = bool(position.get("over")) and not waiting
        return Page([Table("deal stage history", HISTORY, rows)], position={**position, "logs": waiting}, is_last=over)

    def _log(self, deal: dict[str, str]) -> list[list[str]]:
        """Return every stage that a deal entered, from the one it began in; won and lost are stages here too."""
        changes = [one for one in self._flow(deal["id"]) if one.get("field_key") in {"stage_id", "status"}]
        changes.sort(key=lambda one: (cell(one.get("log_time")), one["id"]))
        moves = [one for one in changes if one["field_key"] == "stage_id"]
        stage = cell(moves[0]["old_value"]) if moves else deal["stage"]
        rows = [self._entry(deal, "0", stage, deal["added"])]
        for one in changes:
            word = cell(one["new_value"])
            stage = word if one["field_key"] == "stage_id" else stage
            rows.append(self._entry(deal, cell(one["id"]), word if word in {"won", "lost"} else stage, one["log_time"]))
        return rows

    def _entry(self, deal: dict[str, str], change: str, stage: str, entered: Any) -> list[str]:
        pipeline = self._pipeline(self._pipelines().get(stage, ""))
        return [f"{deal['id']}-{change}", deal["id"], pipeline, self._stage(stage), self._time(cell(entered))]

    def _flow(self, deal: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        start = 0
        while True:
            answer = self._ask(f"/v1/deals/{deal}/flow", start=str(start), limit=str(LOG_SIZE), items="dealChange")
            found += [one["data"] for one in answer["data"] or [] if one.get("object") == "dealChange"]
            paging = (answer.get("additional_data") or {}).get("pagination") or {}
            if not paging.get("more_items_in_collection"):
                return found
            start = int(paging["next_start"])

    # users and leads, by position

    def _users(self) -> Page:
        rows = []
        for one in self._ask("/v1/users")["data"] or []:
            active = cell(bool(one.get("active_flag")))
            times = [self._time(cell(one.get(name))) for name in ("created", "modified")]
            rows.append([cell(one["id"]), cell(one.get("name")), cell(one.get("email")), active, *times])
        return Page([Table("users", USERS, rows)], is_last=True)

    def _leads(self, window: Window, position: dict[str, Any]) -> Page:
        """Read leads from the last changed back to the window's beginning; what changes meanwhile only comes twice."""
        start = position.get("start", 0)
        found = self._ask("/v1/leads", start=str(start), limit=str(SIZE), sort="update_time DESC")
        rows = found["data"] or []
        within = [row for row in rows if is_within(row, window)]
        fresh = [row for row in within if window.is_news(str(row["id"]), modified(row))]
        custom = position.get("columns") or self._describe(LEADS)[0]
        paging = (found.get("additional_data") or {}).get("pagination") or {}
        is_older = bool(rows) and is_before(rows[-1], window)
        return Page(
            tables=[self._table(LEADS, self._introduced(fresh), custom)],
            recent=recent(within, window),
            position={"start": max(start + 1, start + len(rows) - STEP_BACK), "columns": custom},
            is_last=is_older or not rows or not paging.get("more_items_in_collection"),
        )

    def _introduced(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Give each lead the person and the organization that it is about."""
        people = self._by_id("/api/v2/persons", {row.get("person_id") for row in rows})
        companies = self._by_id("/api/v2/organizations", {row.get("organization_id") for row in rows})
        return [
            {
                **row,
                "person": people.get(row.get("person_id")),
                "organization": companies.get(row.get("organization_id")),
            }
            for row in rows
        ]

    def _by_id(self, path: str, ids: set[Any]) -> dict[Any, dict[str, Any]]:
        """Read up to a hundred by their ids."""
        wanted = sorted(key for key in ids if key)
        if not wanted:
            return {}
        found = self._ask(path, ids=",".join(map(str, wanted)), limit=str(SIZE))
        return {one["id"]: one for one in found["data"] or []}

    # what the codes mean

    def _describe(self, kind: Kind) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        """Return ({key of a field of their own: column}, {key: {option: label}})."""
        if kind.name not in self._described:
            fields = self._all(kind.fields)
            prefix = next(iter(kind.labels.values())).partition(" - ")[0]
            own = [
                (one["field_code"], f"{prefix} - {one['field_name']}") for one in fields if one.get("is_custom_field")
            ]
            labels = {one["field_code"]: options(one) for one in fields if one.get("options")}
            self._described[kind.name] = distinct(own[:MOST_CUSTOM], kind.labels.values()), labels
        return self._described[kind.name]

    def _stage(self, key: str) -> str:
        return self._there("/api/v2/stages", "name").get(key, key)

    def _pipeline(self, key: str) -> str:
        return self._there("/api/v2/pipelines", "name").get(key, key)

    def _pipelines(self) -> dict[str, str]:
        """Return {stage: id of its pipeline}."""
        return self._there("/api/v2/stages", "pipeline_id")

    def _there(self, path: str, name: str) -> dict[str, str]:
        """Return {id: one of its values} of a short list, which is read once while this line is open."""
        if path not in self._lists:
            self._lists[path] = self._all(path)
        return {cell(one["id"]): cell(one.get(name)) for one in self._lists[path]}

    def _all(self, path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        params = {"limit": "500"}
        while True:
            answer = self._ask(path, **params)
            found += answer["data"] or []
            cursor = cell((answer.get("additional_data") or {}).get("next_cursor"))
            if not cursor:
                return found
            params = {"limit": "500", "cursor": cursor}

    def _ask(self, path: str, **params: str) -> dict[str, Any]:
        """Ask, and know the 403 that is no closed door but a limit long overrun."""
        try:
            answer = self.access.ask("GET", path, params=params)
        except NotPermitted as fault:
            if str(fault).startswith("HTTP 403"):  # not Pipedrive's own answer: the guard before it has shut us out
                raise Busy("Pipedrive has shut us out for asking too much", 300.0) from None
            raise
        return dict(answer.json())
