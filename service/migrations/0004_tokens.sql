-- What another system shows instead of a session: a hospital's, a laboratory's. The secret itself is kept nowhere.

CREATE TABLE {schema}.tokens (
    id         uuid NOT NULL PRIMARY KEY,
    key        bytea NOT NULL UNIQUE,
    account    uuid NOT NULL REFERENCES {schema}.accounts (id),
    post       uuid NOT NULL,
    label      text NOT NULL,
    scopes     text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
COMMENT ON COLUMN {schema}.tokens.key IS 'SHA-256 of the token, so that a copy of this table lets nobody in';
REVOKE DELETE, TRUNCATE ON {schema}.tokens FROM {app};
