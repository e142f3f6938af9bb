-- The ledger: a tree over the stored bytes of the log, and the checkpoints that were signed of it.
--
-- The tiles follow from the log and may be made anew from it. A checkpoint is a promise, and stays.

CREATE TABLE {schema}.tiles (
    level  smallint NOT NULL,
    nth    bigint NOT NULL,
    hashes bytea NOT NULL CHECK (octet_length(hashes) % 32 = 0 AND octet_length(hashes) BETWEEN 32 AND 8192),
    middle bytea CHECK (octet_length(middle) = 512),
    PRIMARY KEY (level, nth)
);
ALTER TABLE {schema}.tiles ALTER COLUMN hashes SET STORAGE EXTERNAL;
COMMENT ON COLUMN {schema}.tiles.middle IS 'of a full tile at the lowest level the roots of each 16 of its hashes, for short proofs';
COMMENT ON COLUMN {schema}.tiles.hashes IS 'up to 256 hashes of subtrees of 256^level leaves each (C2SP tlog-tiles)';

CREATE TABLE {schema}.ledger (
    sole   boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (sole),
    size   bigint NOT NULL DEFAULT 0,
    wanted bigint NOT NULL DEFAULT 0,
    error  text
) WITH (fillfactor = 10);
COMMENT ON COLUMN {schema}.ledger.size IS 'so many events of the log stand in the tiles';
COMMENT ON COLUMN {schema}.ledger.wanted IS 'somebody waits for a checkpoint of at least this size';
COMMENT ON COLUMN {schema}.ledger.error IS 'why nothing is signed any more; a person has to look';
INSERT INTO {schema}.ledger DEFAULT VALUES;
REVOKE INSERT, DELETE, TRUNCATE ON {schema}.ledger FROM {app};

CREATE TABLE {schema}.checkpoints (
    size bigint NOT NULL PRIMARY KEY,
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    at   timestamptz NOT NULL,
    note text NOT NULL
);
COMMENT ON COLUMN {schema}.checkpoints.note IS 'as it was signed (C2SP tlog-checkpoint); the key is not in this database';
REVOKE UPDATE, DELETE, TRUNCATE ON {schema}.checkpoints FROM {app};

-- Where checkpoints go that leave the house, and how far each of these places has been told.
CREATE TABLE {schema}.checkpoint_outlets (
    outlet text NOT NULL PRIMARY KEY,
    size   bigint NOT NULL,
    at     timestamptz NOT NULL DEFAULT now(),
    error  text
);
REVOKE DELETE, TRUNCATE ON {schema}.checkpoint_outlets FROM {app};
