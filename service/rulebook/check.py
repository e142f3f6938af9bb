"""What is wrong with an edition beyond its spelling: rows that fight, rows nobody reaches, stories that fail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from domain.case import Kind
from domain.protocol import Book, Protocol, Rule
from service.rulebook.contoh import Told


def conflicts(protocol: Protocol) -> Iterator[str]:
    """Rows that cannot both hold, or say what can never be so."""
    rules = {rule.id: rule for rule in protocol.rules}
    yield from _twins(protocol.rules)
    for rule in protocol.rules:
        yield from _absorbing(rule, rules)
        yield from _steps(rule)


def _twins(rules: Sequence[Rule]) -> Iterator[str]:
    for nth, rule in enumerate(rules):
        for other in rules[nth + 1 :]:
            if rule.when == other.when and rule.steps[0].desk == other.steps[0].desk:
                yield f"{rule.id} dan {other.id} mencari hal yang sama untuk meja yang sama"


def _absorbing(rule: Rule, rules: dict[str, Rule]) -> Iterator[str]:
    for name in rule.absorbs:
        if rule.id in _all_absorbed(rules[name], rules):
            yield f"{rule.id} memuat {name}, dan {name} memuat {rule.id}: keduanya tidak akan terlihat"
        if not _kinds(rule) & _kinds(rules[name]):
            yield f"{rule.id} memuat {name}, padahal keduanya tidak pernah pada kasus yang sama"
    for name in rule.not_from:
        if not _kinds(rule) & _kinds(rules[name]):
            yield f"{rule.id} menunggu {name}, padahal keduanya tidak pernah pada kasus yang sama"


def _all_absorbed(rule: Rule, rules: dict[str, Rule]) -> set[str]:
    found: set[str] = set()
    left = list(rule.absorbs)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left.extend(rules[name].absorbs)
    return found


def _kinds(rule: Rule) -> set[Kind]:
    return {kind for sign in rule.signs for kind in sign.OF}


def _steps(rule: Rule) -> Iterator[str]:
    for steps in (rule.steps, *rule.branches.values()):
        desks = [step.desk for step in steps]
        if len(desks) != len(set(desks)):
            yield f"{rule.id} menyebut satu meja dua kali"
        if steps[0].opens != "0d":
            yield f"{rule.id}: pemilik tugas harus melihatnya sejak awal"
    if rule.legal and not rule.due.endswith("h"):
        yield f"{rule.id}: jam hukum harus ditulis dalam jam, misalnya 72h"


def unreached(book: Book, stories: Sequence[Told]) -> Iterator[str]:
    """Rows that no story of juknis/contoh ever brings to the desk that owns them, and ways that none takes."""
    seen: set[str] = set()
    taken: set[tuple[str, str]] = set()
    for told in stories:
        for daftar in told.contoh.daftar:
            for obligation in told.on_desk(book, daftar).values():
                seen.add(obligation.rule)
                taken.add((obligation.rule, obligation.owner))
    for rule in book.protocol.rules:
        if rule.id not in seen:
            yield f"{rule.id} tidak pernah muncul dalam satu pun contoh"
        for name, steps in rule.branches.items():
            if steps[0].desk != rule.steps[0].desk and (rule.id, steps[0].desk) not in taken:
                yield f'{rule.id}: jalan "{name}" tidak pernah ditempuh dalam satu pun contoh'


def broken(book: Book, stories: Sequence[Told]) -> Iterator[str]:
    """Lists that are no longer what the stories of this edition say they must be."""
    for told in stories:
        if told.contoh.edisi == book.protocol.edition:
            for daftar in told.contoh.daftar:
                yield from told.wrong(book, daftar)
