-- +goose Up

-- The SKU of the card of which a customer's message wants less.
ALTER TABLE messages ADD COLUMN less_like text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE messages DROP COLUMN less_like;
