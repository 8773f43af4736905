-- +goose Up

-- What was found for each product's price, made anew every night.
CREATE TABLE price_findings (
    sku     text        PRIMARY KEY,
    made_at timestamptz NOT NULL,
    verdict text        NOT NULL,
    finding jsonb       NOT NULL
);

-- Prices that are proposed, made anew every night until somebody decides; what was decided stays.
CREATE TABLE price_proposals (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku        text        NOT NULL,
    made_at    timestamptz NOT NULL,
    -- What it is expected to bring a week more, for the order of the list.
    gain_minor bigint      NOT NULL,
    finding    jsonb       NOT NULL,
    state      text        NOT NULL CHECK (state IN ('open', 'accepted', 'rejected')),
    decided_at timestamptz,
    -- The agent's id, or what the admin token or the command line is called.
    decided_by text        NOT NULL DEFAULT '',
    CHECK ((state = 'open') = (decided_at IS NULL))
);
CREATE UNIQUE INDEX price_proposals_open ON price_proposals (sku) WHERE state = 'open';
CREATE INDEX price_proposals_decided ON price_proposals (sku, decided_at);

-- +goose Down
DROP TABLE price_proposals, price_findings;
