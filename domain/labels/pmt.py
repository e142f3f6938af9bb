"""Extra food."""

from __future__ import annotations

CODES: dict[str, str] = {
    "tidak-naik": "berat tidak naik",
    "tidak-perlu": "tidak perlu",
    "skema-lain": "sudah dapat dari program lain",
    "pemulihan": "pemulihan",
    "penyuluhan": "penyuluhan",
    "dak-nonfisik": "DAK nonfisik",
    "apbd": "APBD",
    "mitra": "mitra",
    "dana-desa": "Dana Desa",
    "anak-sakit": "anak sakit",
    "makanan-tidak-ada": "makanan tidak ada",
    "kader-berhalangan": "kader berhalangan",
    "dilanjutkan": "dilanjutkan",
    "rujuk-rs": "dirujuk ke rumah sakit",
    "memburuk": "memburuk",
    "sembuh": "sembuh",
    "belum-sembuh": "belum sembuh",
    "putus": "putus di tengah jalan",
    "berhenti": "dihentikan",
    "mbg": "Makan Bergizi Gratis (MBG)",
    "pmt-saja": "PMT saja",
    "yang-lain-saja": "yang lain saja",
    "boleh-keduanya": "boleh keduanya",
}
