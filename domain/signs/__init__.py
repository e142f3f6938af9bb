"""What a rule may look for: the closed list of signs. A row of the juknis names one and fills in its numbers."""

from domain.signs import child, desa, nutrition, oversight, pmt, pregnancy, referral

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
)
