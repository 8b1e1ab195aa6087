"""What an amount in one currency is in another: rates of every kind of file, exactly, and never one to one for want of one."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from crm.models import DayRate, ExchangeRate, Opportunity
from crm.rates import exchange_rates
from crm.rates.exchange_rates import Factor
from team.models import Company, User
from tests import make
from tests.imports.importing import bring, picture, refused

pytestmark = pytest.mark.django_db

WIDE = """Date,USD,JPY,GBP,CHF,CYP,BRL,
2024-03-28,1.0811,163.45,0.8551,0.9766,N/A,5.3979,
2024-03-27,1.0816,163.52,0.8577,0.9798,N/A,5.3818,
2024-03-26,1.0855,164.31,0.8591,0.9795,N/A,5.4183,
"""
XML = """<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
 <gesmes:subject>Reference rates</gesmes:subject><gesmes:Sender><gesmes:name>European Central Bank</gesmes:name></gesmes:Sender>
 <Cube><Cube time="2024-03-28"><Cube currency="USD" rate="1.0811"/><Cube currency="BRL" rate="5.3979"/></Cube>
 <Cube time="2024-03-27"><Cube currency="USD" rate="1.0816"/></Cube></Cube>
</gesmes:Envelope>
"""
DEALS = """Id,Name,StageName,CloseDate,Amount,CurrencyIsoCode
006A,Won in dollars,Closed Won,2024-03-28,1000.00,USD
006B,Won too early,Closed Won,2023-01-15,1000.00,USD
006C,Without amount,Closed Won,2023-01-15,,USD
006D,At home,Closed Won,2023-01-15,500.00,EUR
"""


def rate(currency: str, day: str, number: str, **fields: Any) -> ExchangeRate:
    return make.record(
        ExchangeRate, currency=currency, base="EUR", valued_on=date.fromisoformat(day), rate=Decimal(number), **fields
    )  # fmt: skip


def convert(amount: str, currency: str, into: str, day: str) -> Decimal | None:
    factor = exchange_rates.load_rates().of(currency, into, date.fromisoformat(day))
    return factor.convert(Decimal(amount)) if factor else None


# the rules


@pytest.mark.parametrize(
    ("amount", "up", "down", "expected"),
    [
        ("1000.00", "1", "1.0811", "924.98"),
        ("0.45", "1", "1.2", "0.38"),  # 0.375 exactly: half goes to the even cent
        ("0.15", "1", "1.2", "0.12"),  # 0.125 exactly
        ("-0.45", "1", "1.2", "-0.38"),
        ("100.00", "5.3979", "1.0811", "499.30"),
        ("99999999999999.99", "1", "3", "33333333333333.33"),
    ],
)
def test_amounts_are_rounded_half_to_even_from_their_exact_value(
    amount: str, up: str, down: str, expected: str
) -> None:
    assert Factor(Decimal(up), Decimal(down)).convert(Decimal(amount)) == Decimal(expected)


def test_the_rate_of_a_day_is_the_latest_on_or_before_it_ten_days_old_at_most(company: Company) -> None:
    rate("USD", "2024-03-28", "1.25")
    rate("USD", "2024-03-20", "2")
    found = {day: convert("100", "USD", "EUR", f"2024-{day}") for day in ("03-19", "03-27", "03-28", "04-07", "04-08")}
    assert found == {
        "03-19": None, "03-27": Decimal(50), "03-28": Decimal(80), "04-07": Decimal(80), "04-08": None,
    }  # fmt: skip


def test_two_currencies_meet_through_the_base_in_both_directions(company: Company) -> None:
    rate("USD", "2024-03-28", "1.25")
    rate("GBP", "2024-03-28", "0.8")
    assert convert("125", "USD", "GBP", "2024-03-28") == Decimal(80)
    assert convert("80", "EUR", "GBP", "2024-03-28") == Decimal(64)
    assert convert("80", "GBP", "EUR", "2024-03-28") == Decimal(100)
    assert convert("7", "CHF", "CHF", "1990-01-01") == Decimal(7)
    assert convert("7", "CHF", "USD", "2024-03-28") is None


def test_a_rate_entered_by_hand_goes_before_others_of_its_day(company: Company, ops: User) -> None:
    exchange_rates.enter_rate(by=ops, currency="USD", base="EUR", valued_on=date(2024, 3, 28), rate=Decimal(2))
    rate("USD", "2024-03-28", "1.25")
    assert convert("100", "USD", "EUR", "2024-03-28") == Decimal(50)


def test_a_rate_that_says_how_long_it_holds_is_believed(company: Company) -> None:
    rate("USD", "2024-01-01", "2", valid_until=date(2024, 6, 30))
    rate("USD", "2024-02-01", "4")
    found = [convert("8", "USD", "EUR", day) for day in ("2024-01-31", "2024-02-05", "2024-06-30", "2024-07-01")]
    assert found == [Decimal(4), Decimal(2), Decimal(4), None]


# the files


def test_the_banks_wide_table_brings_a_rate_for_each_day_and_currency(company: Company) -> None:
    run = bring({"eurofxref-hist.csv": WIDE})
    assert (refused(run), run.counts["created"], ExchangeRate.objects.count()) == ([], 15, 15)
    found = ExchangeRate.objects.get(currency="BRL", valued_on=date(2024, 3, 27))
    assert (found.rate, found.base, found.source) == (Decimal("5.3818"), "EUR", "ecb")
    assert not ExchangeRate.objects.filter(currency="CYP").exists()
    before = picture([ExchangeRate])
    assert bring({"eurofxref-hist.csv": WIDE}).counts["unchanged"] == 15
    assert picture([ExchangeRate]) == before


def test_the_daily_file_writes_its_date_in_words(company: Company) -> None:
    bring({"eurofxref.csv": "Date, USD, JPY, GBP, CHF, \n22 November 2024, 1.0412, 161.01, 0.8321, 0.9312, \n"})
    assert set(ExchangeRate.objects.values_list("currency", "valued_on", "rate")) == {
        ("USD", date(2024, 11, 22), Decimal("1.0412")), ("JPY", date(2024, 11, 22), Decimal("161.01")),
        ("GBP", date(2024, 11, 22), Decimal("0.8321")), ("CHF", date(2024, 11, 22), Decimal("0.9312")),
    }  # fmt: skip


def test_the_banks_xml_says_the_same_as_its_table(company: Company) -> None:
    run = bring({"eurofxref-hist.xml": XML})
    assert run.counts["created"] == 3
    kept = set(ExchangeRate.objects.values_list("external_id", "rate"))
    bring({"eurofxref-hist.csv": WIDE})
    assert kept <= set(ExchangeRate.objects.values_list("external_id", "rate"))
    assert ExchangeRate.objects.count() == 15


@pytest.mark.parametrize("text", ["<a/>", "<a", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'])
def test_any_other_xml_is_refused_with_a_word(company: Company, text: str) -> None:
    file = bring({"x.xml": text}).files.get()
    assert (file.state, "XML" in file.reason) == ("failed", True)


def test_the_dated_rates_of_salesforce_hold_until_the_next(company: Company) -> None:
    bring({
        "DatedConversionRate.csv": "Id,IsoCode,StartDate,NextStartDate,ConversionRate\n"
        "04w1,USD,2024-01-01,2024-04-01,1.25\n04w2,USD,2024-04-01,9999-12-31,2\n",
        "CurrencyType.csv": "Id,IsoCode,ConversionRate,DecimalPlaces,IsActive,IsCorporate,LastModifiedDate\n"
        "01L1,EUR,1,2,true,true,2023-01-01T00:00:00.000Z\n01L2,GBP,0.8,2,true,false,2023-01-01T00:00:00.000Z\n",
    })  # fmt: skip
    assert [convert("10", "USD", "EUR", day) for day in ("2023-12-31", "2024-03-31", "2026-01-01")] == [
        None, Decimal(8), Decimal(5),
    ]  # fmt: skip
    assert convert("8", "GBP", "USD", "2024-03-01") == Decimal("12.50")


def test_a_company_without_a_currency_takes_the_corporate_one_of_its_crm(db: None) -> None:
    bring({
        "CurrencyType.csv": "Id,IsoCode,ConversionRate,IsActive,IsCorporate,LastModifiedDate\n"
        "01L2,GBP,0.8,true,false,2023-01-01\n01L1,CHF,1,true,true,2023-01-01\n",
    })  # fmt: skip
    assert Company.get().currency == "CHF"


# the import


def test_the_first_rates_switch_the_conversion_on_and_a_later_choice_stands(company: Company) -> None:
    assert not Company.get().is_converting_amounts
    bring({"eurofxref-hist.csv": WIDE})
    assert Company.get().is_converting_amounts
    Company.objects.update(foreign_amounts="keep")
    bring({"eurofxref-hist.xml": XML.replace("2024-03-28", "2024-04-02")})
    assert not Company.get().is_converting_amounts


def test_without_rates_foreign_rows_land_as_they_are(company: Company) -> None:
    run = bring({"Opportunity.csv": DEALS})
    assert (refused(run), Opportunity.objects.count()) == ([], 4)


def test_an_amount_without_a_rate_is_refused_with_what_to_import(company: Company) -> None:
    bring({"eurofxref-hist.csv": WIDE})
    run = bring({"Opportunity.csv": DEALS})
    ((line, column, reason),) = refused(run)
    assert (line, column) == (3, "Amount")
    assert "USD to EUR for 2023-01-15" in reason
    assert "import rates that name USD" in reason
    assert set(Opportunity.objects.values_list("external_id", "amount", "currency")) == {
        ("006A", Decimal(1000), "USD"), ("006C", None, "USD"), ("006D", Decimal(500), "EUR"),
    }  # fmt: skip


def test_rates_and_deals_of_one_upload_are_read_in_the_right_order(company: Company) -> None:
    run = bring({"a Opportunity.csv": DEALS, "z eurofxref-hist.csv": WIDE})
    assert [line for line, _, _ in refused(run)] == [3]


def test_an_undated_foreign_amount_is_refused_and_an_open_deal_takes_the_rate_of_today(company: Company) -> None:
    rate("USD", date.today().isoformat(), "1.25")
    Company.objects.update(foreign_amounts="convert")
    run = bring({
        "Opportunity.csv": "Id,Name,StageName,CloseDate,Amount,CurrencyIsoCode\n"
        "006A,Open,Prospecting,2031-01-01,10,USD\n006B,Undated,Closed Won,,10,USD\n"
    })  # fmt: skip
    ((line, _, reason),) = refused(run)
    assert (line, "has no date" in reason) == (3, True)


# what metrics convert with


def test_day_rates_are_computed_for_the_currencies_in_use_and_follow_the_rates(company: Company, ops: User) -> None:
    make.opportunity(currency="USD", amount=Decimal(10))
    bring({"eurofxref-hist.csv": WIDE})
    found = {row.day: (row.up, row.down) for row in DayRate.objects.filter(currency="USD")}
    assert set(DayRate.objects.values_list("currency", "into")) == {("USD", "EUR")}
    assert (min(found), max(found), len(found)) == (date(2024, 3, 26), date(2024, 4, 7), 13)
    assert found[date(2024, 3, 31)] == (1, Decimal("1.0811"))
    stamps = dict(DayRate.objects.values_list("pk", "changed_xid"))
    assert exchange_rates.update_day_rates() == 0
    assert dict(DayRate.objects.values_list("pk", "changed_xid")) == stamps
    exchange_rates.enter_rate(by=ops, currency="USD", base="EUR", valued_on=date(2024, 3, 27), rate=Decimal(2))
    assert DayRate.objects.get(day=date(2024, 3, 27)).down == 2
    Company.objects.update(currency="CHF")
    assert exchange_rates.update_day_rates() > 0
    assert set(DayRate.objects.values_list("currency", "into")) == {("USD", "CHF")}


# the page


def test_the_page_tells_how_fresh_each_currency_is_and_keeps_a_rate_by_hand(as_user: Any, ops: User) -> None:
    client = as_user(ops)
    assert "No exchange rates yet" in client.get("/imports/rates/").text
    bring({"eurofxref-hist.csv": WIDE})
    page = client.get("/imports/rates/").text
    assert "1.0811 USD for 1 EUR" in page
    assert "Mar 28, 2024" in page
    kept = client.post("/imports/rates/", {"currency": "usd", "base": "EUR", "valued_on": "2024-03-29", "rate": "1.5"})
    assert kept.status_code == 302
    assert convert("3", "USD", "EUR", "2024-03-29") == 2


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ({"currency": "EUR"}, "The two currencies are the same"), ({"rate": "0"}, "above 0"), ({"rate": "-1"}, "above 0"),
        ({"valued_on": "2198-01-01"}, "The date is in the future"), ({"currency": "U1"}, "three capital letters"), ({"rate": "abc"}, "number"),
    ],
)  # fmt: skip
def test_a_rate_that_cannot_be_is_refused(as_user: Any, ops: User, cells: dict[str, str], fault: str) -> None:
    given = {"currency": "USD", "base": "EUR", "valued_on": "2024-03-29", "rate": "1.5", **cells}
    assert fault in as_user(ops).post("/imports/rates/", given).text
    assert not ExchangeRate.objects.exists()


def test_the_company_page_switches_the_conversion(as_user: Any, ops: User) -> None:
    fields = {
        "name": "T",
        "currency": "EUR",
        "time_zone": "UTC",
        "visibility": "open",
        "achievement": "everybody",
        "nightly_time": "03:00",
    }
    client = as_user(ops)
    assert client.post("/company/", {**fields, "foreign_amounts": "convert"}).status_code == 302
    assert Company.get().is_converting_amounts
    assert client.post("/company/", fields).status_code == 302
    assert Company.get().is_converting_amounts
