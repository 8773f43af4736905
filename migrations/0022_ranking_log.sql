-- +goose Up

-- What the ranker knew of an impression (ranking.FeatureNames): rankers learn from it, and drift is seen by it. What was
-- asked is the impression's message.
ALTER TABLE behaviour_events ADD COLUMN features real[];
CREATE INDEX behaviour_events_shown ON behaviour_events (event_time) WHERE features IS NOT NULL;

-- What a ranker in the shadow made of a list that another one served: its first products and those that were served,
-- and how long both took. Kept for a month.
CREATE TABLE ranker_shadows (
    ranking_id text             PRIMARY KEY,
    noted_at   timestamptz      NOT NULL,
    served     text             NOT NULL,
    shadow     text             NOT NULL,
    degraded   boolean          NOT NULL,
    served_skus text[]          NOT NULL,
    shadow_skus text[]          NOT NULL,
    served_ms  double precision NOT NULL,
    shadow_ms  double precision NOT NULL
);
CREATE INDEX ranker_shadows_noted ON ranker_shadows (noted_at);

-- +goose Down
DROP TABLE ranker_shadows;
ALTER TABLE behaviour_events DROP COLUMN features;
