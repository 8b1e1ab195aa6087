"""Pipedrive, page by page."""

import time
from typing import Any

from connectors.errors import Busy, NotPermitted, UnexpectedResponse
from connectors.protocol import Connection, Page, Table, Window, distinct_labels, to_cell
from connectors.vendors.pipedrive.kinds import KINDS, LEADS, Kind
from connectors.vendors.pipedrive.values import (
    deal_start,
    has_moved,
    is_before,
    is_within,
    modified_text,
    nested_value,
    option_labels,
    parse_time,
    primary_value,
    recent_rows,
    to_rfc3339,
    value_at,
)
from team.models import Company

PAGE_SIZE = 100
STEP_BACK = 5  # leads are paged by position: what is taken out meanwhile would let one slip past
LOG_SIZE = 500
LOG_SECONDS = 20.0  # deals' logs are asked for one by one; a page of them ends after this long
MAX_CUSTOM = 400  # the import takes 500 columns
USERS = ("User - ID", "User - Name", "User - Email", "User - Active", "User - Created", "User - Update time")
HISTORY = ("Change - ID", "Change - Deal ID", "Change - Pipeline", "Change - Stage", "Change - Time")


class Pipedrive:
    """Reads one company."""

    def __init__(self, access: Connection) -> None:
        self.access = access
        self._described: dict[str, tuple[dict[str, str], dict[str, dict[str, str]]]] = {}
        self._lists: dict[str, list[dict[str, Any]]] = {}
        self.zone = Company.get().zone

    def close(self) -> None:
        self.access.close()

    def greet(self) -> str:
        user = self._get_json("/v1/users/me")["data"]
        return f"{user.get('company_name') or 'company'}, as {user.get('name') or user.get('email')}"

    def page(self, kind: str, window: Window, position: dict[str, Any]) -> Page:
        if kind == "users":
            return self._user_page()
        if kind == "leads":
            return self._lead_page(window, position)
        if position.get("logs"):
            return self._log_page(position)
        return self._changed_page(KINDS[kind], window, position)

    # what changed

    def _changed_page(self, kind: Kind, window: Window, position: dict[str, Any]) -> Page:
        params = {
            "limit": str(PAGE_SIZE), "sort_by": "update_time", "sort_direction": "asc",
            "updated_until": to_rfc3339(window.until), **dict(kind.params),
        }  # fmt: skip
        since = position.get("since") or (to_rfc3339(window.since) if window.since else "")
        params |= {"updated_since": since} if since else {}
        params |= {"cursor": position["cursor"]} if position.get("cursor") else {}
        try:
            answer = self._get_json(kind.path, **params)
        except UnexpectedResponse:
            if not position.get("cursor"):
                raise
            # the cursor is stale: go on from the last time seen
            return Page(position={**position, "since": position["reached"], "cursor": ""})
        return self._build_page(kind, window, {"since": since, **position}, answer)

    def _build_page(self, kind: Kind, window: Window, position: dict[str, Any], answer: dict[str, Any]) -> Page:
        rows = answer["data"] or []
        custom = position.get("columns") or (self._describe_fields(kind)[0] if kind.fields else {})
        fresh = [row for row in rows if window.is_news(str(row["id"]), modified_text(row))]
        alive = [row for row in fresh if not row.get("is_deleted")]
        cursor = to_cell((answer.get("additional_data") or {}).get("next_cursor"))
        reached = modified_text(rows[-1]) if rows else position.get("reached", "")
        next_position: dict[str, Any] = {
            "since": position["since"],
            "cursor": cursor,
            "reached": reached,
            "columns": custom,
        }
        if kind.name == "deals":
            next_position["logs"] = [deal_start(row) for row in alive if has_moved(row, window)]
        return Page(
            tables=[self._build_table(kind, alive, custom)],
            gone=[(record, str(row["id"])) for row in fresh if row.get("is_deleted") for record in kind.records],
            recent=recent_rows(rows, window),
            position={**next_position, "over": not cursor},
            is_last=not cursor and not next_position.get("logs"),
        )

    def _build_table(self, kind: Kind, rows: list[dict[str, Any]], custom: dict[str, str]) -> Table:
        labels = self._describe_fields(kind)[1] if kind.fields else {}
        header = (*kind.labels.values(), *custom.values())
        cells = []
        for row in rows:
            own = row.get("custom_fields") or row
            line = [self._export_value(key, value_at(row, key), labels) for key in kind.labels]
            cells.append(line + [self._export_value(key, own.get(key), labels) for key in custom])
        return Table(kind.name, header, cells)

    def _export_value(self, key: str, value: Any, labels: dict[str, dict[str, str]]) -> str:
        if key.rpartition(".")[2] in {"emails", "phones"}:
            return primary_value(value)
        if isinstance(value, list):
            return ";".join(self._export_value(key, item, labels) for item in value)
        word = nested_value(value) if isinstance(value, dict) else to_cell(value)
        if key == "stage_id":
            return self._stage_label(word)
        if key == "pipeline_id":
            return self._pipeline_label(word)
        return self._local_time(word) if key.endswith("_time") else labels.get(key, {}).get(word, word)

    def _local_time(self, word: str) -> str:
        """Write a time by the company's clock, so that its day is the day people saw."""
        time = parse_time(word)
        return time.astimezone(self.zone).isoformat() if time else word

    # the log of a deal

    def _log_page(self, position: dict[str, Any]) -> Page:
        """Read the logs of the deals of the page before, as many as the time allows."""
        waiting, rows, until = list(position["logs"]), [], time.monotonic() + LOG_SECONDS
        while waiting and time.monotonic() < until:
            rows += self._stage_entries(waiting.pop(0))
        over = bool(position.get("over")) and not waiting
        return Page([Table("deal stage history", HISTORY, rows)], position={**position, "logs": waiting}, is_last=over)

    def _stage_entries(self, deal: dict[str, str]) -> list[list[str]]:
        """Return every stage that a deal entered, from the one it began in; won and lost are stages here too."""
        changes = [
            change for change in self._deal_changes(deal["id"]) if change.get("field_key") in {"stage_id", "status"}
        ]
        changes.sort(key=lambda one: (to_cell(one.get("log_time")), one["id"]))
        moves = [change for change in changes if change["field_key"] == "stage_id"]
        stage = to_cell(moves[0]["old_value"]) if moves else deal["stage"]
        rows = [self._stage_row(deal, "0", stage, deal["added"])]
        for change in changes:
            word = to_cell(change["new_value"])
            stage = word if change["field_key"] == "stage_id" else stage
            rows.append(
                self._stage_row(
                    deal, to_cell(change["id"]), word if word in {"won", "lost"} else stage, change["log_time"]
                )
            )
        return rows

    def _stage_row(self, deal: dict[str, str], change: str, stage: str, entered: Any) -> list[str]:
        pipeline = self._pipeline_label(self._pipeline_by_stage().get(stage, ""))
        return [
            f"{deal['id']}-{change}",
            deal["id"],
            pipeline,
            self._stage_label(stage),
            self._local_time(to_cell(entered)),
        ]

    def _deal_changes(self, deal: str) -> list[dict[str, Any]]:
        changes: list[dict[str, Any]] = []
        start = 0
        while True:
            answer = self._get_json(f"/v1/deals/{deal}/flow", start=str(start), limit=str(LOG_SIZE), items="dealChange")
            changes += [item["data"] for item in answer["data"] or [] if item.get("object") == "dealChange"]
            paging = (answer.get("additional_data") or {}).get("pagination") or {}
            if not paging.get("more_items_in_collection"):
                return changes
            start = int(paging["next_start"])

    # users and leads, by position

    def _user_page(self) -> Page:
        rows = []
        for user in self._get_json("/v1/users")["data"] or []:
            active = to_cell(bool(user.get("active_flag")))
            times = [self._local_time(to_cell(user.get(name))) for name in ("created", "modified")]
            rows.append([to_cell(user["id"]), to_cell(user.get("name")), to_cell(user.get("email")), active, *times])
        return Page([Table("users", USERS, rows)], is_last=True)

    def _lead_page(self, window: Window, position: dict[str, Any]) -> Page:
        """Read leads from the last changed back to the window's beginning; what changes meanwhile only comes twice."""
        start = position.get("start", 0)
        answer = self._get_json("/v1/leads", start=str(start), limit=str(PAGE_SIZE), sort="update_time DESC")
        rows = answer["data"] or []
        within = [row for row in rows if is_within(row, window)]
        fresh = [row for row in within if window.is_news(str(row["id"]), modified_text(row))]
        custom = position.get("columns") or self._describe_fields(LEADS)[0]
        paging = (answer.get("additional_data") or {}).get("pagination") or {}
        is_older = bool(rows) and is_before(rows[-1], window)
        return Page(
            tables=[self._build_table(LEADS, self._with_people(fresh), custom)],
            recent=recent_rows(within, window),
            # leads are paged by position: overlapping pages catch what moved up meanwhile
            position={"start": max(start + 1, start + len(rows) - STEP_BACK), "columns": custom},
            is_last=is_older or not rows or not paging.get("more_items_in_collection"),
        )

    def _with_people(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
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
        answer = self._get_json(path, ids=",".join(map(str, wanted)), limit=str(PAGE_SIZE))
        return {row["id"]: row for row in answer["data"] or []}

    # what the codes mean

    def _describe_fields(self, kind: Kind) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        """Return ({key of a field of their own: column}, {key: {option: label}})."""
        if kind.name not in self._described:
            fields = self._read_all(kind.fields)
            prefix = next(iter(kind.labels.values())).partition(" - ")[0]
            own = [
                (field["field_code"], f"{prefix} - {field['field_name']}")
                for field in fields
                if field.get("is_custom_field")
            ]
            labels = {field["field_code"]: option_labels(field) for field in fields if field.get("options")}
            self._described[kind.name] = distinct_labels(own[:MAX_CUSTOM], kind.labels.values()), labels
        return self._described[kind.name]

    def _stage_label(self, key: str) -> str:
        return self._lookup_list("/api/v2/stages", "name").get(key, key)

    def _pipeline_label(self, key: str) -> str:
        return self._lookup_list("/api/v2/pipelines", "name").get(key, key)

    def _pipeline_by_stage(self) -> dict[str, str]:
        """Return {stage: id of its pipeline}."""
        return self._lookup_list("/api/v2/stages", "pipeline_id")

    def _lookup_list(self, path: str, name: str) -> dict[str, str]:
        """Return {id: one of its values} of a short list, which is read once while this line is open."""
        if path not in self._lists:
            self._lists[path] = self._read_all(path)
        return {to_cell(row["id"]): to_cell(row.get(name)) for row in self._lists[path]}

    def _read_all(self, path: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        params = {"limit": "500"}
        while True:
            answer = self._get_json(path, **params)
            rows += answer["data"] or []
            cursor = to_cell((answer.get("additional_data") or {}).get("next_cursor"))
            if not cursor:
                return rows
            params = {"limit": "500", "cursor": cursor}

    def _get_json(self, path: str, **params: str) -> dict[str, Any]:
        """Send a request; a 403 of the gateway means a limit that was exceeded for long, not a missing permission."""
        try:
            answer = self.access.request("GET", path, params=params)
        except NotPermitted as fault:
            if str(fault).startswith("HTTP 403"):  # not Pipedrive's own answer: the guard before it has shut us out
                raise Busy("Pipedrive has blocked access because of too many requests", 300.0) from None
            raise
        return dict(answer.json())
