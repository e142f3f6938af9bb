-- What the system has recorded by itself follows from what stands recorded; here is how far it has looked.

CREATE TABLE {schema}.policies (
    name     text NOT NULL PRIMARY KEY,
    position bigint NOT NULL
) WITH (fillfactor = 50);
COMMENT ON COLUMN {schema}.policies.position IS 'every event up to here has been looked at';
INSERT INTO {schema}.policies (name, position) VALUES ('duplicates', 0);
REVOKE DELETE, TRUNCATE ON {schema}.policies FROM {app};
