"""Workbooks as a spreadsheet program works them out: by LibreOffice, without any value that was stored in them."""

import re
import shutil
import subprocess
import zipfile

import openpyxl

OFFICE = shutil.which("soffice")
ALWAYS_RECOMPUTE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item></oor:items>"""


def opened(path, values=False):
    """Return a workbook: its formulas, or the values that are stored with them."""
    return openpyxl.load_workbook(path, data_only=values)


def formulas(book):
    """Yield (sheet, cell) of every formula."""
    for sheet in book:
        for cell in (cell for row in sheet.iter_rows() for cell in row):
            if cell.data_type == "f":
                yield sheet.title, cell.coordinate


def changed(path, target, cells):
    """Write a workbook with other numbers in some cells of a sheet, {(sheet, cell): number}."""
    book = opened(path)
    for (sheet, cell), number in cells.items():
        book[sheet][cell] = number
    book.save(target)
    return target


def recomputed(path, scratch):
    """Return a workbook with the values that LibreOffice works out; those stored in it are taken out before."""
    bare, out = scratch / "bare.xlsx", scratch / "out"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(bare, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name.startswith("xl/worksheets/"):
                data = re.sub(rb"</f><v>[^<]*</v>", b"</f>", data)
            target.writestr(name, data)
    profile = scratch / "profile" / "user"
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "registrymodifications.xcu").write_text(ALWAYS_RECOMPUTE, encoding="utf-8")
    command = [OFFICE, f"-env:UserInstallation={profile.parent.as_uri()}", "--headless"]
    command += ["--convert-to", "xlsx", "--outdir", str(out), str(bare)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return opened(out / bare.name, values=True)
