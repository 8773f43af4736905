-- +goose Up

-- Where in the stream a message landed. When the stream is found shorter, or made anew, what it lost is sent again.
ALTER TABLE outbox ADD COLUMN stream_seq bigint;
CREATE TABLE outbox_stream (
    name    text PRIMARY KEY,
    -- When the stream was made, as NATS says it: another time is another, empty stream.
    created text NOT NULL
);
CREATE INDEX outbox_sent ON outbox (sent_at) WHERE sent_at IS NOT NULL;

-- +goose Down
DROP INDEX outbox_sent;
DROP TABLE outbox_stream;
ALTER TABLE outbox DROP COLUMN stream_seq;
