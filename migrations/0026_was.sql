-- +goose Up

-- What a product cost before, where it costs less now; 0 where it does not.
ALTER TABLE products ADD COLUMN was_minor bigint NOT NULL DEFAULT 0 CHECK (was_minor >= 0);

-- +goose Down
ALTER TABLE products DROP COLUMN was_minor;
