-- Who wants to be called when a referral changes, how far they have been told, and what they would not take. What is told
-- is read from the lists; nothing of it is copied here.

CREATE TABLE {schema}.webhooks (
    id         uuid NOT NULL PRIMARY KEY,
    unit       text NOT NULL,
    label      text NOT NULL,
    url        text NOT NULL,
    position   bigint NOT NULL,
    failures   integer NOT NULL DEFAULT 0,
    refusals   integer NOT NULL DEFAULT 0,
    next_at    timestamptz NOT NULL DEFAULT now(),
    error      text,
    created_at timestamptz NOT NULL DEFAULT now(),
    ended_at   timestamptz
);
COMMENT ON COLUMN {schema}.webhooks.position IS 'everything up to here was taken, or stands among the dead letters';
COMMENT ON COLUMN {schema}.webhooks.failures IS 'how often in a row the next change could not be delivered';
COMMENT ON COLUMN {schema}.webhooks.refusals IS 'how often of these the receiver answered and did not take it';
REVOKE DELETE, TRUNCATE ON {schema}.webhooks FROM {app};

CREATE TABLE {schema}.dead_letters (
    webhook   uuid NOT NULL REFERENCES {schema}.webhooks (id),
    position  bigint NOT NULL,
    at        timestamptz NOT NULL DEFAULT now(),
    error     text NOT NULL,
    replay    boolean NOT NULL DEFAULT false,
    taken_at  timestamptz,
    PRIMARY KEY (webhook, position)
);
COMMENT ON COLUMN {schema}.dead_letters.replay IS 'somebody asked to have it sent once more';
REVOKE DELETE, TRUNCATE ON {schema}.dead_letters FROM {app};
