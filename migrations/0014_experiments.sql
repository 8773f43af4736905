-- +goose Up

-- Which ways to recommend are compared. One runs at a time.
CREATE TABLE experiments (
    id         text PRIMARY KEY,
    kind       text        NOT NULL CHECK (kind IN ('ab', 'interleaving', 'bandit')),
    -- The first is what the others are compared with.
    arms       text[]      NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz
);
CREATE UNIQUE INDEX experiments_running ON experiments ((true)) WHERE ended_at IS NULL;

-- Who got which arm, from when on, and how likely that was. A unit is a customer, or the session of a visitor.
CREATE TABLE experiment_exposures (
    experiment text             NOT NULL REFERENCES experiments,
    unit       text             NOT NULL,
    arm        text             NOT NULL,
    propensity double precision NOT NULL,
    exposed_at timestamptz      NOT NULL,
    PRIMARY KEY (experiment, unit)
);

-- Which arm drafted a product into an interleaved list.
CREATE TABLE experiment_drafts (
    experiment text NOT NULL REFERENCES experiments,
    unit       text NOT NULL,
    sku        text NOT NULL,
    arm        text NOT NULL,
    PRIMARY KEY (experiment, unit, sku)
);

-- +goose Down
DROP TABLE experiment_drafts, experiment_exposures, experiments;
