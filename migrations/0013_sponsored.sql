-- +goose Up

-- What advertisers pay for. Amounts are in minor units of one currency.
CREATE TABLE sponsored_campaigns (
    id           text PRIMARY KEY,
    skus         text[]      NOT NULL,
    words        text[]      NOT NULL,
    categories   text[]      NOT NULL,
    langs        text[]      NOT NULL,
    bid_minor    bigint      NOT NULL CHECK (bid_minor > 0),
    budget_minor bigint      NOT NULL,
    spent_minor  bigint      NOT NULL DEFAULT 0,
    currency     text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    starts_at    timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL,
    -- How often a day one customer is shown it at most.
    daily_cap    integer     NOT NULL,
    paused       boolean     NOT NULL,
    CHECK (spent_minor BETWEEN 0 AND budget_minor),
    CHECK (ends_at > starts_at)
);
CREATE INDEX sponsored_campaigns_skus ON sponsored_campaigns USING gin (skus);

-- Each card that was paid for: where it stood, what a click costs, and whether it was clicked and charged.
CREATE TABLE sponsored_placements (
    ranking_id  text        NOT NULL,
    sku         text        NOT NULL,
    campaign    text        NOT NULL REFERENCES sponsored_campaigns,
    session     text        NOT NULL,
    client      text        NOT NULL,
    position    integer     NOT NULL,
    price_minor bigint      NOT NULL,
    -- How likely a click was thought to be.
    share       real        NOT NULL,
    shown_at    timestamptz NOT NULL,
    clicked_at  timestamptz,
    charged     boolean     NOT NULL DEFAULT false,
    PRIMARY KEY (ranking_id, sku)
);
CREATE INDEX sponsored_placements_client ON sponsored_placements (client, campaign, shown_at);
CREATE INDEX sponsored_placements_campaign ON sponsored_placements (campaign, shown_at);

-- +goose Down
DROP TABLE sponsored_placements, sponsored_campaigns;
