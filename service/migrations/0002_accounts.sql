-- Organisation units, who signs in, which post somebody holds, and the sessions that are open.

CREATE TABLE {schema}.units (
    code        text NOT NULL PRIMARY KEY,
    kind        text NOT NULL CHECK (kind IN ('kabupaten', 'kecamatan', 'puskesmas', 'desa', 'posyandu', 'rs')),
    name        text NOT NULL,
    parent      text REFERENCES {schema}.units (code),
    session_day smallint CHECK (session_day BETWEEN 1 AND 31),
    valid_from  date NOT NULL DEFAULT '1945-08-17',
    valid_to    date,
    CHECK (valid_to IS NULL OR valid_to > valid_from)
);
COMMENT ON COLUMN {schema}.units.parent IS 'posyandu -> desa -> puskesmas -> kecamatan -> kabupaten; rs -> kabupaten';
COMMENT ON COLUMN {schema}.units.valid_to IS 'first day on which the unit is no longer there';

CREATE TABLE {schema}.accounts (
    id            uuid NOT NULL PRIMARY KEY,
    login         text NOT NULL UNIQUE CHECK (login = lower(login) AND login <> ''),
    name          text NOT NULL,
    password      text NOT NULL,
    must_change   boolean NOT NULL DEFAULT false,
    closed_at     timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN {schema}.accounts.password IS 'argon2id, with its own parameters and salt';

-- What somebody may see and do follows from the post held, never from the person.
CREATE TABLE {schema}.posts (
    id         uuid NOT NULL PRIMARY KEY,
    account    uuid NOT NULL REFERENCES {schema}.accounts (id),
    role       text NOT NULL CHECK (role IN ('kader', 'bidan', 'desa', 'puskesmas-tpg', 'puskesmas-dr', 'kecamatan',
                                             'kabupaten', 'inspektorat', 'rs')),
    unit       text NOT NULL REFERENCES {schema}.units (code),
    valid_from date NOT NULL,
    valid_to   date,
    CHECK (valid_to IS NULL OR valid_to >= valid_from)
);
COMMENT ON COLUMN {schema}.posts.valid_to IS 'first day on which the post is no longer held';
CREATE INDEX posts_of_account ON {schema}.posts (account);

CREATE TABLE {schema}.sessions (
    key        bytea NOT NULL PRIMARY KEY,
    account    uuid NOT NULL REFERENCES {schema}.accounts (id),
    state      bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
COMMENT ON COLUMN {schema}.sessions.key IS 'SHA-256 of the cookie, so that a copy of this table signs nobody in';
CREATE INDEX sessions_of_account ON {schema}.sessions (account);
CREATE INDEX sessions_by_expiry ON {schema}.sessions (expires_at);

CREATE TABLE {schema}.failed_sign_ins (
    login   text NOT NULL,
    address text NOT NULL,
    at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX failed_sign_ins_of_login ON {schema}.failed_sign_ins (login, at);

-- Who opened a named record, holding which post.
CREATE TABLE {schema}.reads (
    at      timestamptz NOT NULL DEFAULT now(),
    account uuid NOT NULL,
    post    uuid NOT NULL,
    role    text NOT NULL,
    unit    text NOT NULL,
    case_id uuid NOT NULL,
    what    text NOT NULL
);
CREATE INDEX reads_of_case ON {schema}.reads (case_id, at);
REVOKE UPDATE, DELETE ON {schema}.reads FROM {app};
