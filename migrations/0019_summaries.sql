-- +goose Up

-- What a conversation was about, for the person who takes over and for the prompts of long conversations.
CREATE TABLE conversation_summaries (
    session_id uuid        PRIMARY KEY REFERENCES sessions ON DELETE CASCADE,
    -- The latest answer that it covers.
    upto_seq   bigint      NOT NULL,
    summary    text        NOT NULL,
    -- Whether the model wrote it, or it was put together by rules.
    by_model   boolean     NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now()
);

-- +goose Down
DROP TABLE conversation_summaries;
