-- +goose Up

-- Who holds a secret of a session: a browser or an app. A customer's session has one for each device.
CREATE TABLE session_devices (
    id          uuid        PRIMARY KEY,
    session_id  uuid        NOT NULL REFERENCES sessions ON DELETE CASCADE,
    secret_hash bytea       NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    -- Until when it is good; a visitor's for as long as the session.
    expires_at  timestamptz NOT NULL DEFAULT 'infinity'
);
CREATE INDEX session_devices_session ON session_devices (session_id, created_at);
INSERT INTO session_devices (id, session_id, secret_hash) SELECT gen_random_uuid(), id, secret_hash FROM sessions;
ALTER TABLE sessions DROP COLUMN secret_hash;

-- A ticket is its device's, and goes with it.
DELETE FROM socket_tickets;
ALTER TABLE socket_tickets ADD COLUMN device_id uuid NOT NULL REFERENCES session_devices ON DELETE CASCADE;

-- The session that a known customer's devices share.
CREATE TABLE customer_sessions (
    customer   text PRIMARY KEY,
    session_id uuid NOT NULL UNIQUE REFERENCES sessions ON DELETE CASCADE
);

-- Names of customers' tokens that were used, as hashes: each is good once.
CREATE TABLE identity_nonces (
    nonce_hash bytea       PRIMARY KEY,
    expires_at timestamptz NOT NULL
);
CREATE INDEX identity_nonces_expiry ON identity_nonces (expires_at);

-- +goose Down
DROP TABLE identity_nonces, customer_sessions;
ALTER TABLE socket_tickets DROP COLUMN device_id;
ALTER TABLE sessions ADD COLUMN secret_hash bytea NOT NULL DEFAULT '\x';
DROP TABLE session_devices;
