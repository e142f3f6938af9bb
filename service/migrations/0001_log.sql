-- The log of a kabupaten: every story of every case, appended to and never changed.
--
-- Positions come from the head row, which is also the lock of the log: they have no gaps and are in the order of the
-- commits, so a reader that knows one position has seen everything before it. There is no sequence, NOTIFY or trigger
-- here: each of them would make the kabupaten, or the whole cluster, wait in one queue, or go wrong on several nodes.

CREATE TABLE {schema}.head (
    sole boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (sole),
    last bigint NOT NULL
) WITH (fillfactor = 10);
COMMENT ON COLUMN {schema}.head.last IS 'position of the newest event';
INSERT INTO {schema}.head (last) VALUES (0);
REVOKE INSERT, DELETE ON {schema}.head FROM {app};

CREATE TABLE {schema}.events (
    position    bigint NOT NULL PRIMARY KEY,
    case_id     uuid NOT NULL,
    entry       uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    version     integer NOT NULL,
    topic       text NOT NULL,
    actor       text NOT NULL CHECK (actor <> ''),
    role        text NOT NULL CHECK (role <> ''),
    unit        text NOT NULL,
    device      text NOT NULL,
    edition     text NOT NULL,
    state       bytea NOT NULL,
    CONSTRAINT events_case_version UNIQUE (case_id, version)
);
COMMENT ON COLUMN {schema}.events.version IS 'counts from 1 within the case; two people at once cannot both write one';
COMMENT ON COLUMN {schema}.events.topic IS 'the tag of the event, child.measured';
COMMENT ON COLUMN {schema}.events.state IS 'JSON with its tag; whatever tells who somebody is, is sealed in it';
REVOKE UPDATE, DELETE, TRUNCATE ON {schema}.events FROM {app};

CREATE TABLE {schema}.entries (
    entry  uuid NOT NULL PRIMARY KEY,
    first  bigint NOT NULL,
    count  integer NOT NULL,
    digest bytea NOT NULL
);
COMMENT ON TABLE {schema}.entries IS 'what was already recorded, so that a phone may send it again as often as it likes';
COMMENT ON COLUMN {schema}.entries.digest IS 'keyed hash of the request: the same id with other content is a mistake';
REVOKE UPDATE, DELETE, TRUNCATE ON {schema}.entries FROM {app};

-- Kept, backed up and forgotten apart from the log.
CREATE TABLE {schema}.person_key (
    person       uuid NOT NULL PRIMARY KEY,
    wrapped      bytea,
    made_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    destroyed_at timestamptz,
    CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);
COMMENT ON COLUMN {schema}.person_key.person IS 'the case whose identity is sealed under this key';
COMMENT ON COLUMN {schema}.person_key.wrapped IS 'the key, wrapped by the master key, which the database does not hold';
REVOKE DELETE, TRUNCATE ON {schema}.person_key FROM {app};

CREATE TABLE {schema}.follower (
    name      text NOT NULL PRIMARY KEY,
    position  bigint NOT NULL,
    shape     text NOT NULL,
    parked_at timestamptz,
    error     text
) WITH (fillfactor = 50);
COMMENT ON TABLE {schema}.follower IS 'how far each projection has read; a parked one met an event it cannot take';

-- One batch, one commit. Entries of many cases, each with the events it came to, in the order they are to stand in.
-- A version or an entry that somebody else wrote meanwhile is a unique violation: nothing of the batch is there then.
CREATE FUNCTION {schema}.append(
    cases        uuid[],
    versions     integer[],
    topics       text[],
    states       bytea[],
    entry_of     integer[],
    recorded_ats timestamptz[],
    actors       text[],
    roles        text[],
    units        text[],
    devices      text[],
    editions     text[],
    entry_ids    uuid[],
    counts       integer[],
    digests      bytea[],
    persons      uuid[],
    wrapped      bytea[]
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    before bigint;
BEGIN
    UPDATE {schema}.head SET last = last + cardinality(cases) RETURNING last - cardinality(cases) INTO before;
    INSERT INTO {schema}.person_key (person, wrapped)
    SELECT * FROM unnest(persons, append.wrapped);
    INSERT INTO {schema}.entries (entry, first, count, digest)
    SELECT e.id, before + 1 + coalesce(sum(e.n) OVER (ORDER BY e.nth ROWS UNBOUNDED PRECEDING) - e.n, 0), e.n, e.digest
    FROM unnest(entry_ids, counts, digests) WITH ORDINALITY AS e (id, n, digest, nth);
    INSERT INTO {schema}.events (
        position, case_id, version, topic, state, entry, recorded_at, actor, role, unit, device, edition
    )
    SELECT before + f.nth, f.case_id, f.version, f.topic, f.state, entry_ids[f.of], recorded_ats[f.of], actors[f.of],
           roles[f.of], units[f.of], devices[f.of], editions[f.of]
    FROM unnest(cases, versions, topics, states, entry_of) WITH ORDINALITY
        AS f (case_id, version, topic, state, of, nth);
    RETURN before;
END $$;
