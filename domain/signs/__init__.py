"""What a rule may look for: the closed list of signs. A row of the juknis names one and fills in its numbers."""

from domain.signs import (
    antenatal,
    birth,
    careplan,
    child,
    desa,
    erasure,
    family,
    nutrition,
    oversight,
    person,
    pmt,
    pregnancy,
    preventive,
    referral,
)

Sign = (
    child.ChildNotRegistered
    | child.WithoutNik
    | child.NotWeighed
    | child.LengthOverdue
    | child.MissedSession
    | child.MonthsNotWeighed
    | child.ChildInDanger
    | child.HomeVisitOverdue
    | nutrition.DoubtfulMeasurement
    | nutrition.ScreenedBelow
    | nutrition.NotGaining
    | nutrition.BelowRedLine
    | nutrition.Confirmed
    | nutrition.StuntedBeyondPuskesmas
    | nutrition.Oedema
    | nutrition.SevereWasting
    | nutrition.SevereWastingInDanger
    | nutrition.InfantFailing
    | pmt.PmtUndecided
    | pmt.PmtNotStarted
    | pmt.PmtDayOpen
    | pmt.PmtMissedInARow
    | pmt.PmtWeekOpen
    | pmt.PmtWithoutGain
    | pmt.PmtWorsened
    | pmt.PmtOver
    | referral.ReferralUnanswered
    | referral.ReferralNotArrived
    | referral.ReferralWithoutResult
    | referral.ReferralReturned
    | pregnancy.PregnancyNotRegistered
    | pregnancy.NoFirstContact
    | pregnancy.ContactWindow
    | pregnancy.ContactWindowEnding
    | pregnancy.ThinMother
    | pregnancy.MotherInDanger
    | pregnancy.PastDueDate
    | pregnancy.NewbornNotRegistered
    | family.CoupleNotScreened
    | family.CoupleAtRisk
    | family.FamilyUnvisited
    | family.FamilyLacks
    | family.SmokeAtHome
    | family.NotInClass
    | family.HelpWithoutMoney
    | pmt.PmtNotRecovered
    | pmt.PmtRelapseWatch
    | pmt.PmtOverlap
    | pmt.PmtUnreconciled
    | pmt.PmtWaiting
    | referral.ReferralUrgent
    | referral.ReferralHindered
    | referral.ReferralRejected
    | referral.FollowUpUndone
    | referral.ControlMissed
    | person.MovedAwayUntold
    | person.TransferUnanswered
    | person.SuspectedTwice
    | person.MeasuredTwice
    | person.EmergencyUnreviewed
    | erasure.DataRequestOpen
    | erasure.ErasureAgreed
    | erasure.ConsentTakenBack
    | person.NikDoubtful
    | person.LateEntry
    | preventive.DosesDue
    | preventive.HistoryUnknown
    | preventive.RoundMissed
    | preventive.KpspDue
    | preventive.KpspLow
    | preventive.BreastFeedingUnknown
    | preventive.FoodPoor
    | preventive.BornAtRisk
    | preventive.FifthBirthday
    | preventive.DeathUnclosed
    | careplan.ControlWeekMissed
    | careplan.NoBetter
    | careplan.GrowingTooSlowly
    | careplan.HeadUnusual
    | careplan.PerhapsTuberculosis
    | careplan.TooHeavy
    | birth.PostnatalVisitDue
    | birth.NeonatalVisitDue
    | birth.NifasOpen
    | birth.MiscarriageOpen
    | birth.PostnatalVisitMissed
    | birth.NeonatalVisitMissed
    | birth.NewbornCareMissing
    | birth.MotherWithoutVitaminA
    | birth.DeathNotReviewed
    | desa.SessionNotHeld
    | desa.FewWeighed
    | desa.MeetingNotHeld
    | desa.RembukNotHeld
    | desa.BudgetMissing
    | desa.ScorecardMissing
    | desa.TooFewKader
    | desa.EquipmentUnchecked
    | desa.SpendingUnmatched
    | desa.CountsRising
    | desa.MonthNotClosed
    | desa.MenuUnapproved
    | desa.PmtIncident
    | oversight.Overloaded
    | oversight.NotSupervised
    | oversight.AuditUnselected
    | oversight.AuditLineOpen
    | oversight.AuditLineLate
    | oversight.EvidenceOwed
    | oversight.ExportDiffers
    | oversight.ImportRowsOpen
    | oversight.BreachOpen
    | oversight.AccessUnreviewed
    | antenatal.ContactWindowMissed
    | antenatal.NoDoctorScan
    | antenatal.Anaemia
    | antenatal.SevereAnaemia
    | antenatal.HbNotRepeated
    | antenatal.HighPressure
    | antenatal.RiskNotScored
    | antenatal.RiskHigh
    | antenatal.FourTooMuch
    | antenatal.TabletsShort
    | antenatal.TripleMissing
    | antenatal.InfectionFound
    | antenatal.GainOffTarget
    | antenatal.ClassesFew
    | antenatal.NoBirthPlan
    | antenatal.WeeklyContact
    | antenatal.PostTerm
    | antenatal.TeenMother
    | oversight.IntegrityDoubtful
)
