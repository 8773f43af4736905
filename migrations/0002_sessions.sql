-- +goose Up

-- One conversation. Every event takes its seq from next_seq under this row's lock, so seq has no gaps.
CREATE TABLE sessions (
    id               uuid        PRIMARY KEY,
    secret_hash      bytea       NOT NULL,
    -- The customer that a token of the shop proved; empty for an anonymous visitor.
    customer         text        NOT NULL DEFAULT '',
    -- Names the log; changes only when history can't be continued (after a restore).
    epoch            text        NOT NULL,
    next_seq         bigint      NOT NULL DEFAULT 1,
    oldest_seq       bigint      NOT NULL DEFAULT 1,
    owner            text        NOT NULL DEFAULT 'assistant'
                                 CHECK (owner IN ('assistant', 'queued', 'agent', 'resolved')),
    -- Rises whenever somebody else takes over; what is sent under an older one is dropped.
    owner_epoch      bigint      NOT NULL DEFAULT 1,
    agent            text        NOT NULL DEFAULT '',
    lang             text        NOT NULL DEFAULT '',
    -- json, not jsonb: it keeps the very bytes, and takes every text that a customer can write.
    state            json        NOT NULL DEFAULT '{}',
    cart             json,
    declined         text[]      NOT NULL DEFAULT '{}',
    -- The turn that runs: its answer, who runs it, and until when without a heartbeat. lease_token rises
    -- with every turn and fences off writers that lost theirs.
    turn_message_id  uuid,
    lease_holder     text        NOT NULL DEFAULT '',
    lease_token      bigint      NOT NULL DEFAULT 0,
    lease_expires_at timestamptz,
    -- The lease_token that was asked to stop.
    stop_token       bigint      NOT NULL DEFAULT 0,
    created_at       timestamptz NOT NULL DEFAULT now(),
    active_at        timestamptz NOT NULL DEFAULT now(),
    CHECK (oldest_seq <= next_seq)
) WITH (fillfactor = 70);

CREATE INDEX sessions_running ON sessions (id) WHERE turn_message_id IS NOT NULL;
CREATE INDEX sessions_customer ON sessions (customer, created_at DESC) WHERE customer <> '';

-- The log. What clients see is replayed from here, byte for byte.
CREATE TABLE events (
    session_id uuid        NOT NULL REFERENCES sessions ON DELETE CASCADE,
    seq        bigint      NOT NULL CHECK (seq > 0),
    type       text        NOT NULL,
    data       json        NOT NULL,
    ts         timestamptz NOT NULL,
    PRIMARY KEY (session_id, seq)
);

CREATE TABLE messages (
    id            uuid        PRIMARY KEY,
    session_id    uuid        NOT NULL REFERENCES sessions ON DELETE CASCADE,
    role          text        NOT NULL CHECK (role IN ('customer', 'assistant', 'agent')),
    -- The client's own name of a message; a retry finds the first one by it.
    client_msg_id text,
    reply_to      uuid        REFERENCES messages ON DELETE CASCADE,
    text          text        NOT NULL DEFAULT '',
    locale        text        NOT NULL DEFAULT '',
    status        text        NOT NULL
                              CHECK (status IN ('pending', 'streaming', 'complete', 'interrupted', 'failed')),
    -- Why it was interrupted, or the code of what failed.
    reason        text        NOT NULL DEFAULT '',
    -- The message.created event; for an answer that waits, none yet.
    seq           bigint,
    -- The event of the final state; there is exactly one.
    final_seq     bigint,
    -- The question's seq, by which answers wait in line.
    asked_seq     bigint,
    -- The lease under which an answer is written.
    lease_token   bigint      NOT NULL DEFAULT 0,
    created_at    timestamptz NOT NULL DEFAULT now(),
    ended_at      timestamptz,
    CHECK ((final_seq IS NOT NULL) = (status IN ('complete', 'interrupted', 'failed')))
) WITH (fillfactor = 80);

CREATE UNIQUE INDEX messages_client_msg_id ON messages (session_id, client_msg_id) WHERE client_msg_id IS NOT NULL;
CREATE UNIQUE INDEX messages_reply_to ON messages (reply_to) WHERE reply_to IS NOT NULL;
CREATE UNIQUE INDEX messages_final ON messages (session_id, final_seq) WHERE final_seq IS NOT NULL;
CREATE INDEX messages_pending ON messages (session_id, asked_seq) WHERE status = 'pending';

CREATE TABLE handoffs (
    id          uuid        PRIMARY KEY,
    session_id  uuid        NOT NULL REFERENCES sessions ON DELETE CASCADE,
    message_id  uuid        REFERENCES messages ON DELETE SET NULL,
    reason      text        NOT NULL,
    note        text        NOT NULL DEFAULT '',
    lang        text        NOT NULL DEFAULT '',
    status      text        NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'claimed', 'released', 'resolved')),
    agent       text        NOT NULL DEFAULT '',
    owner_epoch bigint      NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    changed_at  timestamptz NOT NULL DEFAULT now()
);

-- A conversation asks for one person at a time.
CREATE UNIQUE INDEX handoffs_open ON handoffs (session_id) WHERE status IN ('queued', 'claimed');
CREATE INDEX handoffs_queue ON handoffs (created_at) WHERE status = 'queued';

-- What other systems must be told, written in the transaction that made it true.
CREATE TABLE outbox (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject    text        NOT NULL,
    -- The message id by which NATS and receivers drop what they already have.
    msg_id     text        NOT NULL UNIQUE,
    payload    json        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    sent_at    timestamptz,
    -- Refusals of this one message, not outages; at the limit it is put aside.
    attempts   int         NOT NULL DEFAULT 0,
    next_at    timestamptz NOT NULL DEFAULT now(),
    dead       boolean     NOT NULL DEFAULT false,
    last_error text        NOT NULL DEFAULT ''
);

CREATE INDEX outbox_unsent ON outbox (id) WHERE sent_at IS NULL AND NOT dead;

-- Which database this log was written in. After a restore it differs from where it stands, and every
-- session gets a new epoch.
CREATE TABLE log_identity (
    only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    fingerprint text    NOT NULL
);

-- +goose Down
DROP TABLE log_identity, outbox, handoffs, messages, events, sessions;
