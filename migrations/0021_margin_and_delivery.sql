-- +goose Up

-- What a piece costs the shop, in the price's minor unit, and after how many days it arrives; 0 is unknown.
ALTER TABLE products
    ADD COLUMN cost_minor    bigint  NOT NULL DEFAULT 0 CHECK (cost_minor >= 0),
    ADD COLUMN delivery_days integer NOT NULL DEFAULT 0 CHECK (delivery_days >= 0);

-- +goose Down
ALTER TABLE products DROP COLUMN cost_minor, DROP COLUMN delivery_days;
