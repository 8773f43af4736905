-- +goose Up

-- Messages that a customer may have to hear of elsewhere, written in the transaction that logged them. What is said
-- stands in the log alone; a delivery ends with its session.
CREATE TABLE webhook_deliveries (
    -- Names the delivery to the receiver, the same with every try.
    id         uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    session_id uuid        NOT NULL REFERENCES sessions ON DELETE CASCADE,
    -- The event in the session's log that has the message's whole text.
    seq        bigint      NOT NULL,
    -- waiting; sent; seen (the customer had it in time); dead (given up).
    state      text        NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'seen', 'dead')),
    -- How often the receiver was tried.
    attempts   int         NOT NULL DEFAULT 0,
    -- Whether a customer who is connected at the next look has it: a line may be dead without a word at the first.
    doubted    boolean     NOT NULL DEFAULT false,
    -- Whether an operator wants it sent, whoever is connected.
    replayed   boolean     NOT NULL DEFAULT false,
    next_at    timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at   timestamptz,
    last_error text        NOT NULL DEFAULT '',
    UNIQUE (session_id, seq),
    CHECK ((state = 'waiting') = (ended_at IS NULL))
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_at) WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_ended ON webhook_deliveries (ended_at) WHERE state <> 'waiting';

-- +goose Down
DROP TABLE webhook_deliveries;
