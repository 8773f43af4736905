-- +goose Up

-- What the assistant remembered before the latest turn, for a question that is written anew.
ALTER TABLE sessions ADD COLUMN state_before json;

-- +goose Down
ALTER TABLE sessions DROP COLUMN state_before;
