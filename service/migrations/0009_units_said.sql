-- What each unit said of itself, and when: a list of a past day rests on the day its posyandu met then. A row is never
-- changed. What a unit said first is taken for what it had always said, since no list can be older than its unit.

CREATE TABLE {schema}.units_said (
    code        text NOT NULL,
    said_at     timestamptz NOT NULL,
    kind        text NOT NULL,
    name        text NOT NULL,
    parent      text,
    session_day smallint,
    PRIMARY KEY (code, said_at)
);
INSERT INTO {schema}.units_said (code, said_at, kind, name, parent, session_day)
SELECT code, '-infinity', kind, name, parent, session_day
FROM {schema}.units;
REVOKE UPDATE, DELETE, TRUNCATE ON {schema}.units_said FROM {app};
