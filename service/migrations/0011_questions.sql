-- How far entries have been looked at for patterns that call for a question: day by day, and month by month. What was
-- recorded before this is not asked about any more.

INSERT INTO {schema}.policies (name, position)
SELECT name, head.last
FROM {schema}.head AS head, (VALUES ('days'), ('months')) AS looks (name);

-- The questions and their answers, among millions of events.
CREATE INDEX events_of_questions ON {schema}.events (position)
WHERE topic IN ('desa.integrity-flag-raised', 'desa.integrity-flag-resolved');
