-- +goose Up

-- What was used of the language model in each five minutes. An account is the hash of a customer's or a network's name.
CREATE TABLE model_tokens (
    account bytea       NOT NULL,
    slot    timestamptz NOT NULL,
    tokens  bigint      NOT NULL,
    PRIMARY KEY (account, slot)
);
CREATE INDEX model_tokens_slot ON model_tokens (slot);

-- +goose Down
DROP TABLE model_tokens;
