"""Systems and codes of SATUSEHAT (protocol 9.4). What the protocol marks UNCONFIRMED says so here."""

from __future__ import annotations

from typing import NamedTuple

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
KEMKES = "http://terminology.kemkes.go.id"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
UCUM = "http://unitsofmeasure.org"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
ROLE = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"

NIK = "https://fhir.kemkes.go.id/id/nik"
MOTHERS_NIK = "https://fhir.kemkes.go.id/id/nik-ibu"
REQUEST_NUMBER = "http://sys-ids.kemkes.go.id/servicerequest"
"""Followed by the code of the organisation; the exact form is UNCONFIRMED."""
REFERRAL_NUMBER = "http://sys-ids.kemkes.go.id/referral-number-satusehat"
STEP = "https://dampingi.id/fhir/langkah-rujukan"
"""Our own steps (protocol 9.2), beside the coarser states of Task."""
REASON = "https://dampingi.id/fhir/alasan-rujukan"
REFUSAL = "https://dampingi.id/fhir/penolakan"


class Code(NamedTuple):
    """A code with its words."""

    system: str
    code: str
    display: str


class Measure(NamedTuple):
    """How a measurement is told: its code and its unit as UCUM writes it."""

    code: Code
    unit: str
    category: str = "vital-signs"


REFERRAL = Code(SNOMED, "3457005", "Patient referral")
FOLLOW_UP = Code(SNOMED, "185389009", "Follow-up visit")
APPROVAL = Code(KEMKES, "referral-approval-request", "Permintaan persetujuan rujukan")
RESPONSE = Code(KEMKES, "response-referral-task", "Jawaban rujukan")

WEIGHT = Measure(Code(LOINC, "29463-7", "Body weight"), "kg")
LENGTH = Measure(Code(LOINC, "8306-3", "Body height --lying"), "cm")
HEIGHT = Measure(Code(LOINC, "8308-9", "Body height --standing"), "cm")
TALL = Measure(Code(LOINC, "8302-2", "Body height"), "cm")
HEAD = Measure(Code(LOINC, "9843-4", "Head Occipital-frontal circumference"), "cm")
LILA = Measure(Code(SNOMED, "284473002", "Mid upper arm circumference"), "cm")
OEDEMA = Measure(Code(SNOMED, "284521000", "Pitting edema"), "{grade}", "exam")
WAZ = Measure(Code(SNOMED, "1153593003", "Weight for age z score"), "{Zscore}", "exam")
LAZ = Measure(Code(SNOMED, "1153590000", "Length for age z score"), "{Zscore}", "exam")
HAZ = Measure(Code(SNOMED, "1153604005", "Height for age z score"), "{Zscore}", "exam")
WHZ = Measure(Code(SNOMED, "1153600001", "Weight for height z score"), "{Zscore}", "exam")
WLZ = Measure(Code(SNOMED, "1153598007", "Weight for length z score"), "{Zscore}", "exam")
SYSTOLIC = Measure(Code(LOINC, "8480-6", "Systolic blood pressure"), "mm[Hg]")
DIASTOLIC = Measure(Code(LOINC, "8462-4", "Diastolic blood pressure"), "mm[Hg]")
FUNDUS = Measure(Code(LOINC, "11881-0", "Uterus Fundal height Tape measure"), "cm", "exam")
HEARTBEAT = Measure(Code(LOINC, "55283-6", "Fetal Heart rate"), "/min", "exam")
HAEMOGLOBIN = Measure(Code(LOINC, "718-7", "Hemoglobin [Mass/volume] in Blood"), "g/dL", "laboratory")
TEMPERATURE = Measure(Code(LOINC, "8310-5", "Body temperature"), "Cel")
PULSE = Measure(Code(LOINC, "8867-4", "Heart rate"), "/min")
BREATHS = Measure(Code(LOINC, "9279-1", "Respiratory rate"), "/min")

DIAGNOSES: dict[str, Code] = {
    "gizi-buruk": Code(ICD10, "E43", "Unspecified severe protein-energy malnutrition"),
    "gizi-kurang": Code(ICD10, "E44.0", "Moderate protein-energy malnutrition"),  # UNCONFIRMED: no official example
    "stunting": Code(ICD10, "E45", "Retarded development following protein-energy malnutrition"),  # UNCONFIRMED
    "tidak-naik": Code(ICD10, "R62.8", "Other lack of expected normal physiological development"),  # UNCONFIRMED
}
"""Of the reasons for which there is a natural code; the others are told in words."""
