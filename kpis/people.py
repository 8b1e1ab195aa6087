"""Owner records of one person as one, wherever figures are cut or filtered by owner, manager or lead owner."""

from typing import Any

import ibis


def with_persons(owners: Any) -> Any:
    """Return the owners with `person_id`: the record that represents the person, as `crm.people` tells it.

    Records are of one person where they have the same user, or the same e-mail address and no other user.
    """
    email = owners.email.strip().lower().nullif("")
    rows = owners.mutate(of_email=email)
    shared = rows.user_id.min().over(group_by=rows.of_email)
    rows = rows.mutate(of_user=ibis.coalesce(rows.user_id, rows.of_email.notnull().ifelse(shared, ibis.null("int64"))))
    user, record = ibis.literal("user ") + rows.of_user.cast("string"), ibis.literal("record ") + rows.id.cast("string")
    rows = rows.mutate(of_person=ibis.coalesce(user, rows.of_email, record))
    is_nameless = rows.name.isnull() | (rows.name == "") | (rows.name == rows.email)
    first = [~rows.is_active.fill_null(False), rows.user_id.isnull(), is_nameless, rows.id]
    return rows.mutate(person_id=rows.id.first().over(group_by=rows.of_person, order_by=first)).drop(
        "of_email", "of_user", "of_person"
    )
