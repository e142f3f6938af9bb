-- Who opened a named record, holding which post, and why: a part a month, each appended to and never changed. The parts
-- of the coming months are made by whoever migrates; what falls in none of them goes into the rest, so that nothing is
-- ever refused. Every row brings its own id and time: a batch that is written twice is there once.

DROP INDEX {schema}.reads_of_case;
ALTER TABLE {schema}.reads RENAME TO reads_before;

CREATE TABLE {schema}.reads (
    id      uuid NOT NULL,
    at      timestamptz NOT NULL,
    account uuid NOT NULL,
    post    uuid NOT NULL,
    role    text NOT NULL,
    unit    text NOT NULL,
    case_id uuid,
    what    text NOT NULL,
    why     text NOT NULL DEFAULT '',
    PRIMARY KEY (at, id)
) PARTITION BY RANGE (at);
COMMENT ON COLUMN {schema}.reads.case_id IS 'the case that was shown; none where a search found nobody';
COMMENT ON COLUMN {schema}.reads.why IS 'the reason that was given, where one is asked for; never a name';
CREATE INDEX reads_of_case ON {schema}.reads (case_id, at);
CREATE TABLE {schema}.reads_rest PARTITION OF {schema}.reads DEFAULT;

-- What the rest already holds of a month moves into its part.
CREATE FUNCTION {schema}.make_read_months(since date, until date) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    month  timestamp := date_trunc('month', since);
    part   text;
    begins timestamptz;
    ends   timestamptz;
    made   integer := 0;
BEGIN
    LOCK TABLE {schema}.reads_rest IN EXCLUSIVE MODE;
    WHILE month <= until LOOP
        part := to_char(month, '"reads_"YYYY_MM');
        begins := month AT TIME ZONE 'UTC';
        ends := (month + interval '1 month') AT TIME ZONE 'UTC';
        IF to_regclass(format('%I.%I', {schema_text}, part)) IS NULL THEN
            EXECUTE format('CREATE TABLE %I.%I (LIKE %I.reads INCLUDING ALL)', {schema_text}, part, {schema_text});
            EXECUTE format(
                'WITH moved AS (DELETE FROM %I.reads_rest WHERE at >= %L AND at < %L RETURNING *)'
                ' INSERT INTO %I.%I SELECT * FROM moved',
                {schema_text}, begins, ends, {schema_text}, part
            );
            EXECUTE format(
                'ALTER TABLE %I.reads ATTACH PARTITION %I.%I FOR VALUES FROM (%L) TO (%L)',
                {schema_text}, {schema_text}, part, begins, ends
            );
            made := made + 1;
        END IF;
        month := month + interval '1 month';
    END LOOP;
    RETURN made;
END $$;

SELECT {schema}.make_read_months(
    coalesce(min(at), now())::date, (now() + interval '3 months')::date
) FROM {schema}.reads_before;

INSERT INTO {schema}.reads (id, at, account, post, role, unit, case_id, what)
SELECT gen_random_uuid(), at, account, post, role, unit, case_id, what
FROM {schema}.reads_before;
DROP TABLE {schema}.reads_before;

REVOKE UPDATE, DELETE, TRUNCATE ON {schema}.reads FROM {app};
