"""One plain Indonesian sentence for each thing that can happen, a file for each kind of case."""

from domain.sentences import care, case, child, desa, family, oversight, person, pmt, pregnancy, referral
from domain.sentences.sentence import SENTENCES, WHAT

__all__ = [
    "SENTENCES", "WHAT", "care", "case", "child", "desa", "family", "oversight", "person", "pmt", "pregnancy",
    "referral",
]  # fmt: skip
