"""Pipedrive played from memory: v2 lists with cursors, v1 users, leads and the flow of a deal."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.connectors.server import Question, Reply, Source

TYPES = {"deals", "persons", "organizations", "activities", "products"}


class Pipedrive(Source):
    def __init__(self) -> None:
        super().__init__()
        self.token = "pipedrive-api-token"
        self.rows: dict[str, dict[Any, dict[str, Any]]] = {}
        self.changes: dict[int, list[dict[str, Any]]] = {}
        self.fields: dict[str, list[dict[str, Any]]] = {}
        self.stale = 0  # this many cursors are refused
        self.users = [
            {
                "id": 11,
                "name": "Ann Able",
                "email": "ann@example.com",
                "active_flag": True,
                "created": "2024-01-01 08:00:00",
            }
        ]

    def put(self, kind: str, key: Any, modified: datetime | None = None, **values: Any) -> None:
        at = modified or self.now - timedelta(seconds=30)
        shown = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        row = self.rows.setdefault(kind, {}).setdefault(key, {"id": key, "add_time": shown})
        row.update({"update_time": shown, **values})

    def move(self, deal: int, old: int, new: int, at: datetime) -> None:
        """Log a change of stage, and some change beside it."""
        self.change(deal, "stage_id", old, new, at)
        self.change(deal, "value", 1, 2, at)

    def change(self, deal: int, name: str, old: Any, new: Any, at: datetime) -> None:
        log = self.changes.setdefault(deal, [])
        log.append(
            {"id": 1000 + 10 * deal + len(log), "item_id": deal, "user_id": 11, "field_key": name, "old_value": str(old),
             "new_value": str(new), "log_time": at.strftime("%Y-%m-%d %H:%M:%S"), "change_source": "app"}
        )  # fmt: skip

    def answer(self, question: Question) -> Reply:
        if question.path == "/oauth/token":
            return self._token(question)
        given = question.headers.get("x-api-token") or question.headers.get("authorization", "").removeprefix("Bearer ")
        if given != self.token:
            return Reply({"success": False, "error": "unauthorized access", "errorCode": 401}, 401)
        match question.path.strip("/").split("/"):
            case ["v1", "users", "me"]:
                return _data({"id": 11, "name": "Ann Able", "company_name": "Testing Ltd"})
            case ["v1", "users"]:
                return _data(self.users)
            case ["v1", "leads"]:
                return self._leads(question.query)
            case ["v1", "deals", deal, "flow"]:
                return self._flow(int(deal), question.query)
            case ["api", "v2", "pipelines"]:
                return _data([{"id": 1, "name": "Vertrieb"}])
            case ["api", "v2", "stages"]:
                return _data(
                    [
                        {"id": n, "name": name, "pipeline_id": 1}
                        for n, name in enumerate(["Neu", "Angebot", "Zusage"], 1)
                    ]
                )
            case ["api", "v2", name] if name.endswith("Fields"):
                return _data(self.fields.get(name, []))
            case ["api", "v2", kind] if kind in TYPES:
                return self._list(kind, question.query)
        return Reply({"success": False, "error": "Unknown method ."}, 404)

    def _token(self, question: Question) -> Reply:
        secret = base64.b64encode(b"client:hush-hush-secret").decode()
        if (
            question.headers.get("authorization") != f"Basic {secret}"
            or question.form["refresh_token"] != "refresh-1-very-secret"
        ):
            return Reply(
                {"success": False, "message": "Invalid grant: refresh token is invalid", "error": "invalid_grant"}, 400
            )
        self.token = f"{self.token}+"
        return Reply(
            {"access_token": self.token, "token_type": "bearer", "refresh_token": "refresh-1-very-secret", "expires_in": 3599,
             "api_domain": f"http://{question.headers['host']}"}
        )  # fmt: skip

    def _list(self, kind: str, query: dict[str, str]) -> Reply:
        rows = list(self.rows.get(kind, {}).values())
        if "ids" in query:
            wanted = {int(one) for one in query["ids"].split(",")}
            return _data([row for row in rows if row["id"] in wanted])
        if kind != "deals":
            assert "status" not in query
        rows = [row for row in rows if not row.get("is_deleted") or "deleted" in query.get("status", "")]
        rows = [row for row in rows if row["update_time"] >= query.get("updated_since", "")]
        rows = [row for row in rows if row["update_time"] < query.get("updated_until", "9")]
        rows.sort(key=lambda row: (row["update_time"], row["id"]))
        if "cursor" in query:
            if self.stale:
                self.stale -= 1
                return Reply({"success": False, "error": "Invalid cursor", "code": "ERR_SCHEMA_VALIDATION_FAILED"}, 400)
            at, key = base64.b64decode(query["cursor"]).decode().split("|")
            rows = [row for row in rows if (row["update_time"], row["id"]) > (at, int(key))]
        page = rows[: int(query["limit"])]
        more = len(rows) > len(page)
        cursor = base64.b64encode(f"{page[-1]['update_time']}|{page[-1]['id']}".encode()).decode() if more else None
        return _data(page, next_cursor=cursor)

    def _leads(self, query: dict[str, str]) -> Reply:
        assert query["sort"] == "update_time DESC"
        rows = sorted(self.rows.get("leads", {}).values(), key=lambda row: row["update_time"], reverse=True)
        return _paged(rows, query)

    def _flow(self, deal: int, query: dict[str, str]) -> Reply:
        log = [
            {"object": "dealChange", "timestamp": one["log_time"], "data": one}
            for one in reversed(self.changes.get(deal, []))
        ]
        noise = [{"object": "note", "timestamp": "2026-01-01 00:00:00", "data": {"id": 5, "content": "hello"}}]
        return _paged([*log, *noise], query)


def _data(data: Any, **additional: Any) -> Reply:
    return Reply({"success": True, "data": data, "additional_data": additional or None})


def _paged(rows: list[Any], query: dict[str, str]) -> Reply:
    start, limit = int(query["start"]), int(query["limit"])
    page = rows[start : start + limit]
    more = len(rows) > start + limit
    paging = {
        "start": start,
        "limit": limit,
        "more_items_in_collection": more,
        **({"next_start": start + limit} if more else {}),
    }
    return _data(page or None, pagination=paging)


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
