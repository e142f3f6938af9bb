-- What followed from the master key that was in force when the kabupaten began, kept from the day it is changed: the
-- hash of a NIK, the recognition of entries and of imported rows, and what a receiver's messages are signed with must
-- stay what they are. Where there is no row, the secret follows from the master key.

CREATE TABLE {schema}.kept_secret (
    name    text NOT NULL PRIMARY KEY,
    wrapped bytea NOT NULL
);
COMMENT ON COLUMN {schema}.kept_secret.wrapped IS 'wrapped by the master key, which the database does not hold';
REVOKE DELETE, TRUNCATE ON {schema}.kept_secret FROM {app};

-- Up to which erasure the disposable tables and the files beneath them are known to hold nothing any more.
CREATE TABLE {schema}.cleaned (
    sole       boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (sole),
    erased_at  timestamptz NOT NULL,
    cleaned_at timestamptz NOT NULL
);
COMMENT ON COLUMN {schema}.cleaned.erased_at IS 'the newest erasure whose traces were removed';
REVOKE DELETE, TRUNCATE ON {schema}.cleaned FROM {app};
