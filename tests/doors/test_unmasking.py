"""An inspector sees no identity but under a letter of assignment, in its places, on its days, with a reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest

from service.places import Place
from service.reads import Narrow
from tests.doors.conftest import Phone, register, today
from tests.kabupaten import CODE, KEDAUNG, PEOPLE, PUSKESMAS, WALIWIS

Of = Callable[[str], Phone]
NIK = "3603330403250088"
LETTER = "700/12-INSP/2026"


@pytest.fixture
def budi(phone: Of) -> str:
    asked = register(
        name="Budi Tertutup",
        personal={"name": "Budi Tertutup", "mother": "Ani Tertutup", "nik": NIK, "phone": "0812000"},
    )
    phone("siti").send(asked)
    phone("siti").get(f"/cases/{asked['case']}?not_older_than={phone('siti').position}")
    return str(asked["case"])


@pytest.fixture
def given(place: Place) -> Callable[..., UUID]:
    """A letter for Yusuf of the inspectorate, from yesterday to tomorrow unless said otherwise."""

    def give(*units: str, since: int = -1, until: int = 1, login: str = "yusuf") -> UUID:
        account = place.accounts.known(login)
        assert account is not None
        day: date = today()
        return place.assignments.give(LETTER, account, units, day + timedelta(since), day + timedelta(until))

    return give


def asking(phone: Phone, case: str, letter: UUID | str, why: str = "penerima-pmt") -> tuple[int, str]:
    answer = phone.fill(f"/kasus/{case}/identitas", {"penugasan": str(letter), "alasan": why})
    return answer.status_code, answer.text


@pytest.mark.parametrize("unit", [KEDAUNG, PUSKESMAS, CODE])
def test_under_a_letter_the_identity_is_shown_whole_and_noted(
    phone: Of, place: Place, budi: str, given: Callable[..., UUID], unit: str
) -> None:
    letter = given(unit)
    assert LETTER in phone("yusuf").page(f"/kasus/{budi}/identitas").text
    status, page = asking(phone("yusuf"), budi, letter)
    assert status in (200, 201)
    for shown in ("Budi Tertutup", "Ani Tertutup", NIK, "0812000"):
        assert shown in page
    place.reads.flush()
    newest = place.reads.page(Narrow(case=UUID(budi), what="identity"), None, 1)[0]
    assert (newest.role, newest.why) == ("inspektorat", f"{LETTER}: mencocokkan penerima PMT")


def test_the_family_can_see_that_it_was_opened_and_under_which_letter(
    phone: Of, budi: str, given: Callable[..., UUID]
) -> None:
    asking(phone("yusuf"), budi, given(KEDAUNG))
    page = phone("rina").page(f"/kasus/{budi}/pembuka").text
    assert "identitas lengkap untuk pengawasan" in page
    assert f"{LETTER}: mencocokkan penerima PMT" in page


def test_it_is_never_kept_by_a_browser(phone: Of, budi: str, given: Callable[..., UUID]) -> None:
    answer = phone("yusuf").fill(f"/kasus/{budi}/identitas", {"penugasan": str(given(KEDAUNG)), "alasan": "temuan"})
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("how", ["elsewhere", "over", "not-yet", "ended", "another's", "made-up", "unreadable"])
def test_without_a_letter_that_holds_here_and_today_it_stays_covered(
    phone: Of, place: Place, budi: str, given: Callable[..., UUID], how: str
) -> None:
    letters: dict[str, Callable[[], UUID | str]] = {
        "elsewhere": lambda: given(WALIWIS),
        "over": lambda: given(KEDAUNG, since=-9, until=-1),
        "not-yet": lambda: given(KEDAUNG, since=1, until=9),
        "ended": lambda: given(KEDAUNG),
        "another's": lambda: given(KEDAUNG, login="dewi"),
        "made-up": uuid4,
        "unreadable": lambda: "'; --",
    }
    letter = letters[how]()
    if how == "ended":
        assert isinstance(letter, UUID)
        assert place.assignments.end(letter)
        assert not place.assignments.end(letter)
    status, page = asking(phone("yusuf"), budi, letter)
    assert status == 403
    assert "Tidak ada surat tugas Anda yang berlaku hari ini untuk desa ini" in page
    assert "Tertutup" not in page and NIK not in page


@pytest.mark.parametrize("why", ["  ", "cek Siti binti Ani"])
def test_without_a_reason_of_the_list_it_stays_covered(
    phone: Of, budi: str, given: Callable[..., UUID], why: str
) -> None:
    """What is written by hand names people, and the log of reads forgets nobody."""
    status, page = asking(phone("yusuf"), budi, given(KEDAUNG), why)
    assert status == 400
    assert "Tertutup" not in page


def test_a_number_is_found_only_where_a_letter_holds(
    phone: Of, place: Place, budi: str, given: Callable[..., UUID]
) -> None:
    """Trying the numbers that a birthday leaves would tell whose a covered case is."""
    account = place.accounts.known("yusuf")
    assert account is not None
    for one in place.assignments.of(account, today()):
        place.assignments.end(one.id)
    assert f"/inspektorat/kasus/{budi}" not in phone("yusuf").page(f"/inspektorat?q={NIK}").text
    given(WALIWIS)
    assert f"/inspektorat/kasus/{budi}" not in phone("yusuf").page(f"/inspektorat?q={NIK}").text
    given(KEDAUNG)
    assert f"/inspektorat/kasus/{budi}" in phone("yusuf").page(f"/inspektorat?q={NIK}").text


@pytest.mark.parametrize("login", [login for login, _, role, _ in PEOPLE if role != "inspektorat"])
def test_nobody_but_the_inspectorate_has_this_door(
    phone: Of, budi: str, given: Callable[..., UUID], login: str
) -> None:
    assert asking(phone(login), budi, given(KEDAUNG, login=login))[0] == 403
    assert phone(login).page(f"/kasus/{budi}/identitas").status_code == 403


def test_a_case_that_is_not_there_is_not_found(phone: Of, given: Callable[..., UUID]) -> None:
    assert asking(phone("yusuf"), str(uuid4()), given(KEDAUNG))[0] == 404


@pytest.mark.parametrize(
    "path",
    ["/kasus/{}", "/kasus/{}/identitas", "/kasus/{}/pembuka", "/cases/{}", "/cases/{}/story", "/cases/{}/reads",
     "/cases/{}/growth", "/daftar/kader", "/queues/kader", "/referrals"],
)  # fmt: skip
def test_it_leaks_into_no_other_page_of_the_inspector(
    phone: Of, budi: str, given: Callable[..., UUID], path: str
) -> None:
    asking(phone("yusuf"), budi, given(KEDAUNG))
    answer = phone("yusuf").page(path.format(budi))
    assert answer.status_code == 200
    for hidden in ("Tertutup", NIK, NIK[:6], "0812000"):
        assert hidden not in answer.text
