-- +goose Up
-- Tickets let a socket in once, on any replica. Only their hash is kept.
CREATE TABLE socket_tickets (
    ticket_hash bytea PRIMARY KEY,
    session_id  text NOT NULL,
    expires_at  timestamptz NOT NULL
);
CREATE INDEX socket_tickets_expiry ON socket_tickets (expires_at);

-- +goose Down
DROP TABLE socket_tickets;
