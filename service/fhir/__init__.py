"""Referrals as FHIR R4 tells them, in the codes that SATUSEHAT uses (protocol 9.3 and 9.4)."""
