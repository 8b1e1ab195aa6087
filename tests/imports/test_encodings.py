"""In which encoding a file is: proved by a mark or all bytes, guessed from the spelling of its words, else asked."""

import io
import random
import time
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from core.work import run_claimed
from crm.models import Account
from imports.actions import answer_questions
from imports.files.encodings import MOST_WORDS, SHORTLIST, Guess, Sample, guess_encoding
from imports.files.sniffing import FileFormat, detect_format
from imports.files.spelling import spelling_of, word_oddness
from imports.inference.questions import list_findings, open_questions
from imports.models import ImportJob
from team.models import User
from tests.imports.importing import bring
from tests.imports.test_answers import found, go, held, only

COMPANIES = {
    "cp1250": ["Spółka Łódź", "Żabka Wrocław", "Zażółć Gęślą", "Dvořák a syn", "Škoda Plzeň", "Kovács Szőlő Kft."],
    "cp1251": ["ООО Ромашка", "Кузнецов и сын", "Новосибирск Энергия", "Київ Стальзавод", "Щербаков Юрий"],
    "cp1252": ["Société Générale", "Müller & Söhne", "Citroën", "Peñarol S.A.", "São Paulo Têxtil", "Jørgensen Ærø"],
    "cp1253": ["Παπαδόπουλος Γιώργος", "Εθνική Τράπεζα", "Θεσσαλονίκη Α.Ε.", "Ηράκλειο", "Άννα Δημητρίου"],
    "cp1254": ["Yıldız Holding", "Türkiye İş Bankası", "Özgür Doğan", "Ayşe Çağlar", "Gülşah Işık", "Şekerbank"],
    "cp1257": [
        "Jānis Bērziņš",
        "Žemaitija UAB",
        "Kalniņa Līga",
        "Čiurlionis",
        "Ūdens ķīmija",
        "Ąžuolas",
        "Ģirts Ozoliņš",
    ],
    "mac_roman": ["Société Générale", "Müller & Söhne", "Citroën", "Peñarol S.A.", "São Paulo Têxtil", "Jørgensen Ærø"],
    "cp932": ["株式会社山田商事", "佐藤太郎", "トヨタ自動車", "渡辺真由美", "㈱ポケット能力開発"],
    "cp949": ["삼성전자", "김철수", "서울특별시", "주식회사 한국", "최민호", "대전광역시"],
    "gb18030": ["北京科技有限公司", "王伟", "深圳市腾讯", "阿里巴巴", "中国银行", "比亚迪"],
    "cp950": ["台灣積體電路", "王大明", "鴻海精密", "國泰金控", "聯發科技", "黃建國"],
}


def rows(names: list[str], number: int = 40) -> str:
    draw = random.Random(7)
    lines = (
        f"{row},{names[row % len(names)]},{draw.choice(['Berlin', 'Boston'])},{row * 10}.50" for row in range(number)
    )
    return "\n".join(["Account id,Account,City,Revenue", *lines, ""])


def look(tmp_path: Path, data: bytes, **said: str) -> tuple[FileFormat, str]:
    given, plain = tmp_path / "given", tmp_path / "plain"
    given.write_bytes(data)
    seen = detect_format(given, plain, 10**9, chosen=said)
    return seen, plain.read_bytes().decode()


def guess_of(*names: str, encoding: str) -> Guess:
    sample = Sample()
    sample.add("\n".join(names).encode(encoding))
    return guess_encoding(sample)


@pytest.mark.parametrize("encoding", SHORTLIST)
def test_names_of_companies_and_people_are_read_in_each_encoding(tmp_path: Path, encoding: str) -> None:
    text = rows(COMPANIES[encoding])
    seen, plain = look(tmp_path, text.encode(encoding))
    assert plain == text
    assert seen.encoding == encoding
    assert seen.guess
    assert seen.guess.is_sure


def test_plain_ascii_and_utf8_are_proved_and_not_guessed(tmp_path: Path) -> None:
    for text in (rows(["Smith and Sons", "Acme"]), rows(COMPANIES["cp1250"]), rows(COMPANIES["gb18030"])):
        seen, plain = look(tmp_path, text.encode())
        assert (seen.encoding, seen.guess, plain) == ("utf-8", None, text)


@pytest.mark.parametrize("cut", [1, 2])
def test_utf8_that_ends_within_a_letter_stays_utf8(tmp_path: Path, cut: int) -> None:
    text = rows(COMPANIES["cp1250"]) + "99,株"
    seen, plain = look(tmp_path, text.encode()[:-cut])
    assert (seen.encoding, seen.guess) == ("utf-8", None)
    assert plain == text[:-1] + "�"


def test_letters_on_the_edge_of_what_is_read_at_once_do_not_matter(tmp_path: Path) -> None:
    for shift in range(4):
        text = "Id,Name\n" + "x" * shift + "ł,株\n" * 300_000
        seen, plain = look(tmp_path, text.encode())
        assert (seen.encoding, len(plain)) == ("utf-8", len(text))


@pytest.mark.parametrize("encoding", ["cp1250", "cp1251", "cp932", "cp1252"])
def test_the_first_letter_beyond_ascii_may_come_late(tmp_path: Path, encoding: str) -> None:
    text = rows(["Smith and Sons"], 9_000) + rows(COMPANIES[encoding]).partition("\n")[2]
    assert len(text) > 300_000
    seen, plain = look(tmp_path, text.encode(encoding))
    assert (seen.encoding, plain) == (encoding, text)


def test_a_damaged_letter_does_not_turn_utf8_into_something_else(tmp_path: Path) -> None:
    text = rows(COMPANIES["cp1252"])
    seen, plain = look(tmp_path, text.encode() + b"99,M\xfcller,Berlin,1\n")
    assert seen.encoding == "utf-8"
    assert plain == text + "99,M�ller,Berlin,1\n"


def test_stray_bytes_do_not_rule_an_encoding_out(tmp_path: Path) -> None:
    seen, plain = look(tmp_path, rows(COMPANIES["cp1252"], 500).encode("cp1252") + b"501,A\x81B,Berlin,1\n")
    assert seen.encoding == "cp1252"
    assert plain.endswith("501,A�B,Berlin,1\n")


@pytest.mark.parametrize("name", ["Müller", "Café", "1.234,50 €", "Acme™", "O’Neil – Partners", "Weiß"])
def test_what_western_files_have_here_and_there_is_not_asked_about(name: str) -> None:
    assert guess_of(name, encoding="cp1252").is_sure
    assert guess_of(name, encoding="cp1252").encoding == "cp1252"


def test_encodings_that_read_all_as_the_same_text_are_one() -> None:
    assert list(guess_of("Müller", "Köln", "Straße", encoding="cp1250").readings) == ["cp1252"]


def test_a_single_word_that_two_languages_could_write_is_left_to_a_person() -> None:
    peña = guess_of("Peña", encoding="cp1252")
    assert not peña.is_sure
    assert list(peña.readings.items())[:2] == [("cp1252", "Peña"), ("cp1250", "Peńa")]


def test_spelling_tells_languages_apart() -> None:
    assert spelling_of("cs").log_likelihood("Dvořák") > spelling_of("cs").log_likelihood("Dvoøák")
    assert spelling_of("fr").log_likelihood("Lefèvre") > spelling_of("fr").log_likelihood("Lefčvre")
    assert spelling_of("de").log_likelihood("Smith") == 0
    assert word_oddness("Spó³ka") > word_oddness("Spółka") == 0


def test_a_large_file_takes_time_by_its_length_and_little_memory() -> None:
    piece = rows(COMPANIES["cp1251"], 20_000).encode("cp1251")

    def seconds(pieces: int) -> float:
        begun, sample = time.process_time(), Sample()
        for _ in range(pieces):
            sample.add(piece)
        assert guess_encoding(sample).encoding == "cp1251"
        assert len(sample.sampled) < 20
        return time.process_time() - begun

    seconds(1)  # learns the languages
    assert seconds(40) < 16 * seconds(5) + 1


def test_the_words_looked_at_are_few_and_hold_every_letter_of_the_file() -> None:
    sample = Sample()
    for number in range(40):
        sample.add("\n".join(f"Слово{number:04}{row:04}" for row in range(5_000)).encode("cp1251"))
    sample.add("Ђ Ѓ".encode("cp1251"))
    assert len(sample.sampled) < 2 * MOST_WORDS
    assert {"Ђ".encode("cp1251"), "Ѓ".encode("cp1251")} <= sample.sampled.keys()


# Through the whole import


@pytest.mark.django_db
def test_polish_names_come_in_as_they_are_written() -> None:
    run = bring({"accounts.csv": rows(COMPANIES["cp1250"]).encode("cp1250")}, source="accord")
    assert set(Account.objects.values_list("name", flat=True)) == set(COMPANIES["cp1250"])
    assert run.files.get().notes["guessed encoding"]["sample"] == "Windows-1250"


@pytest.mark.django_db
def test_what_is_not_certain_is_asked_with_a_sample_and_nothing_is_written(ops: User) -> None:
    run = held({"accounts.csv": rows(["Peña"]).encode("cp1252")}, source="accord")
    [question] = open_questions(only(run))
    assert (question.key, question.likely) == ("encoding", "cp1252")
    assert [(one.label, one.reads) for one in question.choices][:2] == [
        ("Windows-1252", "“Peña”"), ("Windows-1250", "“Peńa”"),
    ]  # fmt: skip
    assert run_claimed(
        ImportJob, answer_questions(file=only(run), answers={"encoding": "cp1252"}, user=None).pk, budget=1e9
    )
    assert open_questions(only(run)) == []
    assert only(run).answers == {"encoding": "cp1252"}
    go(run, ops)
    assert set(Account.objects.values_list("name", flat=True)) == {"Peña"}


@pytest.mark.django_db
def test_a_guess_is_shown_and_can_be_changed(ops: User) -> None:
    run = held({"accounts.csv": rows(COMPANIES["cp1250"]).encode("cp1250")}, source="accord")
    assert open_questions(only(run)) == []
    shown = list_findings(only(run))[0]
    assert (shown.what, shown.value) == ("Encoding", "cp1250")
    assert "does not name its encoding" in shown.reason
    assert "Spółka" in shown.reason
    assert run_claimed(
        ImportJob, answer_questions(file=only(run), answers={"encoding": "cp1252"}, user=None).pk, budget=1e9
    )
    assert found(run)["encoding"] == "cp1252"
    go(run, ops)
    assert Account.objects.filter(name="Spó³ka £ódŸ").exists()


@pytest.mark.django_db
def test_a_file_that_no_mapping_knows_is_asked_about_too(ops: User, as_user: object) -> None:
    run = held({"x.csv": "Größe,Nazwa\n1,Peña\n2,Peña\n".encode("cp1252").replace("öß".encode("cp1252"), b"")})
    assert only(run).state == "skipped"
    assert [one.key for one in open_questions(only(run))] == ["encoding"]
    page = as_user(ops).get(reverse("import_run", args=[run.pk])).content.decode()  # type: ignore[operator]
    assert "its text can be read in several ways" in page
    assert "<strong>“Peña”</strong>" in page


@pytest.mark.django_db(transaction=True)
def test_the_command_line_asks_and_takes_an_encoding_for_files_that_prove_none(tmp_path: Path) -> None:
    (files := tmp_path / "files" / "more").mkdir(parents=True)
    (files / "accounts.csv").write_bytes(rows(["Łódź"]).replace("\n", "\n9", 40).encode())
    (files := tmp_path / "files").joinpath("accounts.csv").write_bytes(rows(["Peña"]).encode("cp1252"))
    with pytest.raises(CommandError, match=r"“Peña” \(--encoding cp1252\) or “Peńa” \(--encoding cp1250\)"):
        call_command("import_crm", str(files), source="accord", stdout=io.StringIO())
    assert not Account.objects.exists()
    call_command("import_crm", str(files), source="accord", encoding="cp1252", stdout=io.StringIO())
    assert set(Account.objects.values_list("name", flat=True)) == {"Peña", "Łódź"}
