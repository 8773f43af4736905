-- +goose Up

-- What customers did, in the words of OpenSearch's User Behavior Insights. A month of event_time is a partition, made
-- ahead and dropped by age.
CREATE TABLE behaviour_events (
    event_time  timestamptz      NOT NULL,
    received_at timestamptz      NOT NULL DEFAULT clock_timestamp(),
    -- Who: a verified customer, else the session.
    client      text             NOT NULL,
    session     text             NOT NULL,
    -- The sender's own name of the event; a retry is known by it.
    event_id    text             NOT NULL,
    action      text             NOT NULL,
    -- The product, or '' for what concerns none.
    sku         text             NOT NULL,
    -- Which list the product stood in (UBI's query_id), made by which model, at which place from 1, and how likely
    -- that model was to put it there.
    ranking_id  text             NOT NULL,
    model       text             NOT NULL,
    position    integer          NOT NULL,
    propensity  real             NOT NULL,
    -- Pieces, seconds or stars, as the action has it.
    amount      double precision NOT NULL,
    message     text             NOT NULL,
    -- True for what the shop's own servers saw, false for what a page claims.
    trusted     boolean          NOT NULL,
    PRIMARY KEY (session, event_id, event_time)
) PARTITION BY RANGE (event_time);
CREATE INDEX behaviour_events_client ON behaviour_events (client, event_time DESC);

-- What a client said about the uses of what he did; who said nothing has allowed them.
CREATE TABLE behaviour_consent (
    client     text        NOT NULL,
    purpose    text        NOT NULL CHECK (purpose IN ('personalisation')),
    granted    boolean     NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (client, purpose)
);

-- What goes with a product, learnt from all clients together and made anew from time to time.
CREATE TABLE item_neighbours (
    sku    text NOT NULL,
    other  text NOT NULL,
    weight real NOT NULL,
    PRIMARY KEY (sku, other)
);

-- How much a product is liked by those of whom nothing is known: the lower confidence bound of its share of buyers.
CREATE TABLE item_popularity (
    sku   text PRIMARY KEY,
    score real NOT NULL
);
CREATE INDEX item_popularity_score ON item_popularity (score DESC, sku);

-- +goose Down
DROP TABLE item_popularity, item_neighbours, behaviour_consent, behaviour_events;
