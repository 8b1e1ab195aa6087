"""Workbooks for tests, written by hand: the fewest parts that make an XLSX or ODS file, typed cells included."""

import io
import zipfile
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Any
from xml.sax.saxutils import escape

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
STYLES = f"""<styleSheet xmlns="{MAIN}"><numFmts count="2"><numFmt numFmtId="164" formatCode="dd/mm/yyyy hh:mm"/><numFmt numFmtId="165" formatCode="0.0\\ %"/></numFmts>
<fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders>
<cellStyleXfs count="1"><xf/></cellStyleXfs>
<cellXfs count="5"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/><xf numFmtId="164" applyNumberFormat="1"/>
<xf numFmtId="9"/><xf numFmtId="165"/></cellXfs>
</styleSheet>"""


class Formula(str):
    """A formula and the value that the program kept of it, as `Formula("SUM(A1:A2)=7")`."""


class Percent(float):
    """A share that the program shows as a percentage: above 0.2 by a format that is built in, else by one of the workbook."""


class Error(str):
    """A cell that failed: #DIV/0!"""


def zipped(files: Mapping[str, str | bytes], **options: Any) -> bytes:
    """Return a zip archive of the files, of which a workbook is one kind."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def xlsx(
    sheets: Mapping[str, Iterable[Iterable[Any]]], since_1904: bool = False, merged: str = "", dimension: str = ""
) -> bytes:
    return zipped(parts(sheets, since_1904, merged, dimension))


def parts(
    sheets: Mapping[str, Iterable[Iterable[Any]]], since_1904: bool, merged: str, dimension: str
) -> dict[str, str]:
    numbered = list(enumerate(sheets.items(), 1))
    listed = "".join(f'<sheet name="{escape(name)}" sheetId="{n}" r:id="rId{n}"/>' for n, (name, _) in numbered)
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{REL}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n, _ in numbered
    )
    kinds = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
        for n, _ in numbered
    )
    old = '<workbookPr date1904="1"/>' if since_1904 else ""
    found = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>{kinds}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" Type="{REL}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{REL}">{old}<sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{links}<Relationship Id="rId900" Type="{REL}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": STYLES,
    }
    joined = f'<mergeCells count="1"><mergeCell ref="{merged}"/></mergeCells>' if merged else ""
    size = f'<dimension ref="{dimension}"/>' if dimension else ""
    for n, (_, rows) in numbered:
        found[f"xl/worksheets/sheet{n}.xml"] = (
            f'<worksheet xmlns="{MAIN}">{size}<sheetData>{_rows(rows, since_1904)}</sheetData>{joined}</worksheet>'
        )
    return found


def _rows(rows: Iterable[Iterable[Any]], since_1904: bool) -> str:
    return "".join(
        f'<row r="{n}">{"".join(_cell(f"{column(place)}{n}", value, since_1904) for place, value in enumerate(row))}</row>'
        for n, row in enumerate(rows, 1)
    )


def column(place: int) -> str:
    name = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(65 + rest) + name
    return name


def _cell(ref: str, value: Any, since_1904: bool) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, Error):
        return f'<c r="{ref}" t="e"><v>{value}</v></c>'
    if isinstance(value, Formula):
        formula, _, kept = value.rpartition("=")
        return f'<c r="{ref}"><f>{escape(formula)}</f><v>{kept}</v></c>'
    if isinstance(value, Percent):
        return f'<c r="{ref}" s="{3 if value > 0.2 else 4}"><v>{float(value)!r}</v></c>'
    if isinstance(value, bool):
        return f'<c r="{ref}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{ref}"><v>{value!r}</v></c>'
    if isinstance(value, date):
        return f'<c r="{ref}" s="{2 if isinstance(value, datetime) else 1}"><v>{_serial(value, since_1904)}</v></c>'
    return f'<c r="{ref}" t="inlineStr"><is><t xml:space="preserve">{escape(str(value))}</t></is></c>'


def _serial(day: date, since_1904: bool) -> float:
    moment = day if isinstance(day, datetime) else datetime.combine(day, time())
    return (moment - (datetime(1904, 1, 1) if since_1904 else datetime(1899, 12, 30))).total_seconds() / 86400


def ods(name: str, rows: Iterable[Iterable[Any]]) -> bytes:
    body = "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows)
    text = (
        '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2">'
        f'<office:body><office:spreadsheet><table:table table:name="{name}">{body}</table:table></office:spreadsheet></office:body></office:document-content>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        book.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        book.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        book.writestr("content.xml", text)
    return out.getvalue()


def _ods_cell(value: Any) -> str:
    if isinstance(value, date):
        return f'<table:table-cell office:value-type="date" office:date-value="{value.isoformat()}"/>'
    if isinstance(value, Percent):
        return f'<table:table-cell office:value-type="percentage" office:value="{float(value)!r}"/>'
    if isinstance(value, int | float):
        return f'<table:table-cell office:value-type="float" office:value="{value}"/>'
    return f'<table:table-cell office:value-type="string"><text:p>{escape(str(value))}</text:p></table:table-cell>'
