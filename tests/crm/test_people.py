"""Which owner records are one person."""

from crm.people import OwnerRecord, group_records


def test_records_of_one_user_or_one_address_are_one_person() -> None:
    people = group_records(
        [
            OwnerRecord(1, "Noah@Example.com", None, name="Noah@Example.com"),
            OwnerRecord(2, "noah@example.com", None, name="Noah Lindqvist"),
            OwnerRecord(3, "n.lindqvist@old.example", 7, name="N. Lindqvist"),
            OwnerRecord(4, "noah@work.example", 7),
            OwnerRecord(5, "", None),
            OwnerRecord(6, "", None),
        ],
        {"noah@work.example": 7},
    )
    assert people.records == {2: (1, 2), 3: (3, 4)}
    assert [people.person(pk) for pk in range(1, 7)] == [2, 2, 3, 3, 5, 6]
    assert people.all_of(4) == (3, 4)
    assert people.user_of == {3: 7, 4: 7}


def test_an_address_of_a_user_makes_the_record_the_users() -> None:
    people = group_records(
        [OwnerRecord(1, "ada@example.com"), OwnerRecord(2, "ada@old.example", 9)], {"ada@example.com": 9}
    )
    assert (people.person(1), people.user_of) == (2, {1: 9, 2: 9})


def test_an_active_record_stands_for_the_person() -> None:
    people = group_records([OwnerRecord(1, "a@b.example", None, is_active=False), OwnerRecord(2, "A@b.example")], {})
    assert people.records == {2: (1, 2)}


def test_two_users_stay_two_people_whatever_address_their_records_share() -> None:
    people = group_records([OwnerRecord(1, "sales@b.example", 1), OwnerRecord(2, "sales@b.example", 2)], {})
    assert people.records == {}
