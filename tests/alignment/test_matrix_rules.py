"""The rules of the accountability matrix, without a database."""

from alignment.matrix.rules import Row, check_row, check_rows, describe_changes, describe_rows, read_rows

ROLES = {"cmo": "CMO", "cro": "CRO", "rep": "Sales rep"}
STAGES = {"mql": "MQL", "sal": "SAL"}
METRICS = {"leads": "Leads", "revenue": "Revenue"}


def row(name: str = "MQL", stage: str = "mql", metric: str = "leads", **cells: str) -> Row:
    return Row(name, stage, metric, cells or {"cmo": "A", "rep": "R"})


def test_a_row_with_one_accountable_and_one_responsible_role_is_complete() -> None:
    assert check_row(row(), ROLES) == []
    assert check_row(row(cmo="AR", cro="I"), ROLES) == []


def test_two_accountable_roles_are_refused_with_what_to_change() -> None:
    (fault,) = check_row(row(cmo="A", cro="AR"), ROLES)
    assert fault == ("MQL has 2 accountable roles (CMO, CRO). Keep A for one of them and set the others to R, C or I.")


def test_no_accountable_and_no_responsible_role_are_refused() -> None:
    assert check_row(row(cmo="C"), ROLES) == [
        "MQL has no accountable role. Set one role to A.",
        "MQL has no responsible role. Set at least one role to R, or to A and R.",
    ]
    assert check_row(row(cmo="A"), ROLES) == ["MQL has no responsible role. Set at least one role to R, or to A and R."]


def test_the_accountable_role_names_a_metric() -> None:
    assert check_row(row(metric=""), ROLES) == ["MQL names no metric. Choose the metric that the CMO answers for."]
    assert check_rows([row(metric="luck")], ROLES, {"mql": "MQL"}, METRICS) == ["MQL: there is no metric “luck”."]


def test_every_stage_has_exactly_one_row() -> None:
    assert check_rows([row()], ROLES, STAGES, METRICS) == ["SAL has no row. Add the row of this stage."]
    assert check_rows([row(), row()], ROLES, {"mql": "MQL"}, METRICS) == ["MQL has two rows. Keep one."]
    assert check_rows([row(), row("X", "gone")], ROLES, {"mql": "MQL"}, METRICS) == [
        "There is no stage “gone” in the funnel. Remove its row."
    ]


def test_a_decision_needs_a_name_of_its_own() -> None:
    budget = row("Budget", "")
    assert check_rows([row(), budget, budget], ROLES, {"mql": "MQL"}, METRICS) == [
        "“Budget” has two rows. Keep one, or rename it."
    ]
    assert "has no name" in check_row(row("", ""), ROLES)[0]


def test_a_role_that_does_not_exist_is_refused() -> None:
    assert check_row(row(cmo="AR", cto="C"), ROLES) == ["MQL: there is no role “cto”."]


def test_rows_are_kept_as_they_were_read_and_said_in_sentences() -> None:
    rows = read_rows({"rows": [row(cmo="A", rep="R", cro="C").as_json()]})
    assert rows == [row(cmo="A", rep="R", cro="C")]
    assert describe_rows(rows, ROLES, METRICS) == [
        "MQL: CMO accountable (Leads); responsible: Sales rep; consulted: CRO"
    ]


def test_changes_are_said_cell_by_cell() -> None:
    old = [row(cmo="A", rep="R"), row("Budget", "")]
    new = [row(cmo="R", cro="A", rep="R", metric="x"), row("Price", "")]
    assert describe_changes(old, new, ROLES, METRICS) == [
        "Budget: row removed",
        "MQL, CMO: A → R",
        "MQL, CRO: nothing → A",
        "MQL, metric: Leads → x",
        "Price: row added, CMO accountable (Leads); responsible: Sales rep",
    ]
    assert describe_changes(old, old, ROLES, METRICS) == []
