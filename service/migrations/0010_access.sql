-- Who tried to open a case in an emergency, and which inspector was sent where by which letter. Only added to.

CREATE TABLE {schema}.emergency_tries (
    account uuid NOT NULL,
    at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    case_id uuid
);
COMMENT ON COLUMN {schema}.emergency_tries.case_id IS 'none where there was no such case';
CREATE INDEX emergency_tries_of_account ON {schema}.emergency_tries (account, at);
REVOKE UPDATE, DELETE, TRUNCATE ON {schema}.emergency_tries FROM {app};

CREATE TABLE {schema}.assignments (
    id         uuid NOT NULL PRIMARY KEY,
    letter     text NOT NULL CHECK (letter <> ''),
    account    uuid NOT NULL REFERENCES {schema}.accounts (id),
    units      text[] NOT NULL CHECK (cardinality(units) > 0),
    valid_from date NOT NULL,
    valid_to   date NOT NULL CHECK (valid_to >= valid_from),
    made_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON COLUMN {schema}.assignments.letter IS 'number of the surat tugas';
COMMENT ON COLUMN {schema}.assignments.valid_to IS 'the last day';
REVOKE UPDATE, DELETE, TRUNCATE ON {schema}.assignments FROM {app};

CREATE TABLE {schema}.assignment_ends (
    assignment uuid NOT NULL PRIMARY KEY REFERENCES {schema}.assignments (id),
    at         timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE {schema}.assignment_ends IS 'those that were ended before their last day';
REVOKE UPDATE, DELETE, TRUNCATE ON {schema}.assignment_ends FROM {app};
