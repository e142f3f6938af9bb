"""What the codes in stories, rules and positions are called on the screen."""

from __future__ import annotations

from domain.case import Role

ROLES: dict[Role, str] = {
    "kader": "kader",
    "bidan": "bidan",
    "desa": "petugas desa",
    "puskesmas-tpg": "petugas gizi puskesmas",
    "puskesmas-dr": "dokter puskesmas",
    "kecamatan": "petugas kecamatan",
    "kabupaten": "petugas kabupaten",
    "inspektorat": "inspektorat",
    "rs": "petugas rumah sakit",
}
"""Who did something: "oleh kader"."""

DESKS: dict[Role, str] = {
    "kader": "Kader",
    "bidan": "Bidan",
    "desa": "TPPS desa",
    "puskesmas-tpg": "Gizi puskesmas",
    "puskesmas-dr": "Dokter puskesmas",
    "kecamatan": "Kecamatan",
    "kabupaten": "Kabupaten",
    "inspektorat": "Inspektorat",
    "rs": "Rumah sakit",
}
"""Whose list it is."""

SEX = {"L": "laki-laki", "P": "perempuan"}

CLASSES = {
    "gizi-buruk": "gizi buruk",
    "gizi-kurang": "gizi kurang",
    "gizi-baik": "gizi baik",
    "berisiko-gizi-lebih": "berisiko gizi lebih",
    "gizi-lebih": "gizi lebih",
    "obesitas": "obesitas",
    "bb-sangat-kurang": "berat badan sangat kurang",
    "bb-kurang": "berat badan kurang",
    "bb-normal": "berat badan normal",
    "risiko-bb-lebih": "risiko berat badan lebih",
    "sangat-pendek": "sangat pendek",
    "pendek": "pendek",
    "normal": "tinggi normal",
    "tinggi": "tinggi",
}
"""Permenkes 2/2020."""

KMS = {
    "N": "naik",
    "T": "tidak naik",
    "O": "bulan lalu tidak ditimbang",
    "B": "baru pertama ditimbang",
    "2T": "dua kali tidak naik",
    "BGM": "bawah garis merah",
}

PRIORITIES = {0: "darurat", 1: "segera", 2: "penting", 3: "rutin", 4: "bila sempat"}

TESTS = {
    "hb": "Hb",
    "protein-urin": "protein urin",
    "gula-darah": "gula darah",
    "golongan-darah": "golongan darah",
    "malaria": "malaria",
    "hiv": "HIV",
    "sifilis": "sifilis",
    "hbsag": "HBsAg",
}

CONTEXTS = {
    "tanpa": "tanpa pakaian",
    "tipis": "pakaian tipis",
    "tebal": "pakaian tebal",
    "posyandu": "di posyandu",
    "sweeping": "saat sweeping",
    "pmt": "pemantauan PMT",
    "rawat-jalan": "kontrol rawat jalan",
    "kunjungan": "saat kunjungan rumah",
    "faskes": "di fasilitas kesehatan",
    "impor": "dari berkas lama",
}

STATES = {"active": "aktif", "moved": "pindah", "died": "meninggal", "closed": "selesai"}

# Codes that mean the same wherever they stand: reasons, places, outcomes, topics.
COMMON = {
    "lain": "alasan lain",
    "menolak": "menolak",
    "pindah": "pindah",
    "sakit": "sakit",
    "meninggal": "meninggal",
    "libur": "hari libur",
    "tidak-diketahui": "tidak diketahui",
    # why something was recorded wrongly
    "salah-ketik": "salah ketik",
    "salah-alat": "alat salah",
    "salah-orang": "salah orang",
    "dobel": "tercatat dua kali",
    "diukur-ulang": "diukur ulang",
    # why a task is set aside, a case closed or opened again
    "tidak-ditemukan": "tidak ditemukan",
    "barang-habis": "barang habis",
    "sudah-di-tempat-lain": "sudah di tempat lain",
    "usia-60-bulan": "sudah 60 bulan",
    "nifas-selesai": "masa nifas selesai",
    "pindah-keluar": "pindah keluar wilayah",
    "bukan-sasaran": "bukan sasaran",
    "kembali": "kembali ke wilayah ini",
    "salah-tutup": "keliru ditutup",
    "petugas-tidak-ada": "petugasnya tidak ada",
    "beban-terlalu-banyak": "tugasnya terlalu banyak",
    "perlu-keahlian": "perlu keahlian lain",
    # desks
    "kader": "kader",
    "puskesmas-tpg": "petugas gizi puskesmas",
    "puskesmas-dr": "dokter puskesmas",
    "inspektorat": "inspektorat",
    # a unit
    "desa": "desa",
    "kecamatan": "kecamatan",
    "kabupaten": "kabupaten",
    # home visits and absences
    "bertemu": "bertemu keluarga",
    "tidak-di-rumah": "tidak di rumah",
    "sementara-pergi": "sedang pergi sementara",
    "pergi": "sedang pergi",
    "ibu-bekerja": "ibu bekerja",
    "jarak": "rumah jauh",
    "edukasi": "diberi penyuluhan",
    "ditimbang": "ditimbang di rumah",
    "diajak-ke-posyandu": "diajak ke posyandu",
    "dirujuk": "dirujuk",
    "pmt": "PMT diantar",
    "dicatat-saja": "hanya dicatat",
    # advice
    "makan": "makan sehari-hari",
    "asi": "ASI",
    "mpasi": "makanan pendamping ASI",
    "kebersihan": "kebersihan",
    "rokok": "asap rokok",
    "kb": "KB",
    "kehamilan": "kehamilan",
    "tumbuh-kembang": "tumbuh kembang",
    "asi-saja": "ASI saja",
    "asi-dan-lain": "ASI dan makanan lain",
    "tanpa-asi": "tanpa ASI",
    # plans and decisions
    "rawat-jalan": "rawat jalan",
    "rawat-inap": "rawat inap",
    "pantau": "dipantau",
    "rujuk": "dirujuk",
    "selesai": "selesai",
    "lanjut": "dilanjutkan",
    "ganti-menu": "menu diganti",
    "obati-penyakit": "penyakit diobati dulu",
    "hentikan": "dihentikan",
    # PMT
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
    # referrals
    "masyarakat": "bidan atau poskesdes",
    "puskesmas": "puskesmas",
    "rs": "rumah sakit",
    "bgm": "bawah garis merah",
    "stunting": "pendek",
    "tanda-bahaya": "tanda bahaya",
    "kek": "kurang energi kronis (KEK)",
    "anemia": "anemia",
    "bblr": "berat lahir rendah",
    "hipertensi": "tekanan darah tinggi",
    "risiko-tinggi": "kehamilan risiko tinggi",
    "tidak-membaik": "tidak membaik",
    "penuh": "tempat penuh",
    "data-kurang": "data kurang",
    "bukan-kewenangan": "bukan kewenangan",
    "alat-tidak-ada": "alat tidak ada",
    "biaya": "biaya",
    "transportasi": "tidak ada kendaraan",
    "pendamping": "tidak ada pendamping",
    "jkn": "kartu JKN",
    "salah-input": "salah mengisi",
    "sudah-membaik": "sudah membaik",
    "dirujuk-ulang": "dirujuk ulang",
    "membaik": "membaik",
    "tetap": "tetap",
    "dibuat": "baru dibuat",
    "diterima": "diterima",
    "ditolak": "ditolak",
    "tiba": "sudah tiba",
    "tidak-datang": "tidak datang",
    "batal": "dibatalkan",
    "rujuk-balik": "rujuk balik",
    "tindak-lanjut": "ada rencana tindak lanjut",
    "tutup": "ditutup",
    # danger signs
    "tidak-mau-minum": "tidak mau minum",
    "muntah-semua": "memuntahkan semuanya",
    "kejang": "kejang",
    "tidak-sadar": "tidak sadar",
    "sesak": "sesak napas",
    "demam-tinggi": "demam tinggi",
    "diare-darah": "diare berdarah",
    "bengkak-kaki": "kaki bengkak",
    "lemas": "lemas",
    "perdarahan": "perdarahan",
    "sakit-kepala-hebat": "sakit kepala hebat",
    "bengkak-wajah": "wajah bengkak",
    "ketuban-pecah": "ketuban pecah",
    "gerak-janin-kurang": "gerak janin berkurang",
    "nyeri-perut": "nyeri perut",
    "tali-pusat-merah": "tali pusat merah",
    "kuning": "kuning",
    # papers, places, people, outcomes of a birth
    "akta": "akta lahir",
    "kia": "buku KIA",
    "persalinan": "catatan persalinan",
    "keterangan-ibu": "keterangan ibu",
    "perkiraan": "perkiraan",
    "impor": "berkas lama",
    "hpht": "HPHT",
    "usg": "USG",
    "tinggi-fundus": "tinggi fundus",
    "rumah": "rumah",
    "perjalanan": "perjalanan",
    "posyandu": "posyandu",
    "poskesdes": "poskesdes",
    "pustu": "pustu",
    "klinik": "klinik",
    "dokter": "dokter",
    "dokter-spesialis": "dokter spesialis",
    "bidan": "bidan",
    "perawat": "perawat",
    "dukun": "dukun",
    "keluarga": "keluarga",
    "lahir-hidup": "lahir hidup",
    "lahir-mati": "lahir mati",
    "keguguran": "keguguran",
    "ibu-meninggal": "ibu meninggal",
    "reaktif": "reaktif",
    "nonreaktif": "nonreaktif",
    "positif": "positif",
    "negatif": "negatif",
    "a": "A",
    "b": "B",
    "ab": "AB",
    "o": "O",
    "ttd": "tablet tambah darah",
    "mms": "tablet multivitamin (MMS)",
}

LABELS: dict[str, str] = {**COMMON, **CLASSES, **TESTS}

KINDS = {"child": "Balita", "pregnancy": "Ibu hamil", "family": "Keluarga", "desa": "Wilayah"}
"""What a case is about."""


def label(code: str | None) -> str:
    """A code in words; an unknown one as it is, with spaces."""
    if code is None:
        return "tidak diketahui"
    return LABELS.get(code) or code.replace("-", " ")


def listed(codes: tuple[str, ...]) -> str:
    """ "edukasi, ditimbang dan dirujuk"."""
    words = [label(code) for code in codes]
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} dan {words[-1]}"
