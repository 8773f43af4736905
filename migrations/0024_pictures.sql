-- +goose Up

-- What customers sent to be looked at, drawn anew as JPEG. A picture goes when its session does.
CREATE TABLE pictures (
    id         uuid        PRIMARY KEY,
    session_id uuid        NOT NULL REFERENCES sessions ON DELETE CASCADE,
    width      integer     NOT NULL,
    height     integer     NOT NULL,
    size       integer     NOT NULL,
    -- True once it went with a message.
    sent       boolean     NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    jpeg       bytea       NOT NULL
);
-- JPEG does not compress further.
ALTER TABLE pictures ALTER COLUMN jpeg SET STORAGE EXTERNAL;
CREATE INDEX pictures_session ON pictures (session_id, created_at);
CREATE INDEX pictures_unsent ON pictures (created_at) WHERE NOT sent;

-- The picture that a message goes with, as clients see it.
ALTER TABLE messages ADD COLUMN picture json;

-- +goose Down
ALTER TABLE messages DROP COLUMN picture;
DROP TABLE pictures;
