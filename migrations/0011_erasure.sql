-- +goose Up

-- Messages that are to be taken out of NATS' stream too, after their customer was erased.
CREATE TABLE outbox_erased (
    msg_id     text   PRIMARY KEY,
    stream_seq bigint NOT NULL
);

-- +goose Down
DROP TABLE outbox_erased;
