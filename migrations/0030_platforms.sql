-- +goose Up

-- Where a customer is, as the shop names it: its page ('web'), its app ('mobile'), another shop of the house. A device is on one;
-- a session is where its customer last wrote.
ALTER TABLE session_devices ADD COLUMN platform text NOT NULL DEFAULT 'web';
ALTER TABLE sessions ADD COLUMN platform text NOT NULL DEFAULT 'web';
ALTER TABLE behaviour_events ADD COLUMN platform text NOT NULL DEFAULT 'web';

-- What a client did is read at each turn. Most events are impressions, which say nothing of taste: without them, and with all
-- that is read, the index alone answers.
CREATE INDEX behaviour_events_deeds ON behaviour_events (client, event_time DESC) INCLUDE (session, sku, action, amount, platform)
    WHERE sku <> '' AND action NOT IN ('impression', 'view', 'hover');

-- What a client said holds on one platform and for one purpose. What was said before platforms were told apart was said on 'web'.
ALTER TABLE behaviour_consent ADD COLUMN platform text NOT NULL DEFAULT 'web';
ALTER TABLE behaviour_consent DROP CONSTRAINT behaviour_consent_pkey, ADD PRIMARY KEY (client, platform, purpose);
ALTER TABLE behaviour_consent DROP CONSTRAINT behaviour_consent_purpose_check,
    ADD CONSTRAINT behaviour_consent_purpose_check CHECK (purpose IN ('personalisation', 'learning', 'advertising'));

-- +goose Down
DELETE FROM behaviour_consent WHERE platform <> 'web' OR purpose <> 'personalisation';
ALTER TABLE behaviour_consent DROP CONSTRAINT behaviour_consent_purpose_check,
    ADD CONSTRAINT behaviour_consent_purpose_check CHECK (purpose IN ('personalisation'));
ALTER TABLE behaviour_consent DROP CONSTRAINT behaviour_consent_pkey, DROP COLUMN platform, ADD PRIMARY KEY (client, purpose);
DROP INDEX behaviour_events_deeds;
ALTER TABLE behaviour_events DROP COLUMN platform;
ALTER TABLE sessions DROP COLUMN platform;
ALTER TABLE session_devices DROP COLUMN platform;
