"""One plain Indonesian sentence for each thing that can happen, a file for each kind of case."""

from domain.sentences import (
    antenatal,
    birth,
    care,
    case,
    child,
    desa,
    family,
    oversight,
    person,
    pmt,
    pregnancy,
    preventive,
    referral,
)
from domain.sentences.sentence import SENTENCES, WHAT

__all__ = [
    "SENTENCES", "WHAT", "antenatal", "birth", "care", "case", "child", "desa", "family", "oversight", "person", "pmt",
    "pregnancy", "preventive", "referral",
]  # fmt: skip
