-- +goose Up

-- NULL for what was done under the client's own name; true for what became a customer's at login; false for what was
-- given back since, and is not merged again.
ALTER TABLE behaviour_events ADD COLUMN merged boolean;

-- In how many sessions a product was shown, less where it stood at places that are looked at less, and in how many it was
-- clicked, put into the cart or bought. The product '' stands for all. Made anew with item_neighbours.
CREATE TABLE item_responses (
    sku   text             PRIMARY KEY,
    shown double precision NOT NULL,
    taken double precision NOT NULL
);

-- Prices and stock that changed and that open conversations have not been told of yet.
CREATE TABLE product_news (
    sku         text   PRIMARY KEY,
    version     bigint NOT NULL,
    -- What it cost, and how many there were, when the last news of it were told.
    was_minor   bigint NOT NULL,
    was_stock   integer NOT NULL,
    price_minor bigint NOT NULL,
    currency    text   NOT NULL,
    stock       integer NOT NULL,
    gone        boolean NOT NULL
);
-- +goose StatementBegin
CREATE FUNCTION products_news() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO product_news (sku, version, was_minor, was_stock, price_minor, currency, stock, gone)
            SELECT n.sku, n.version, o.price_minor, o.stock, n.price_minor, n.currency, n.stock, false
            FROM old_rows o JOIN new_rows n USING (id)
            WHERE (o.price_minor, o.currency, o.stock) IS DISTINCT FROM (n.price_minor, n.currency, n.stock) ORDER BY n.sku
            ON CONFLICT (sku) DO UPDATE SET version = excluded.version, price_minor = excluded.price_minor, currency = excluded.currency,
                stock = excluded.stock, gone = false;
    ELSE
        INSERT INTO product_news (sku, version, was_minor, was_stock, price_minor, currency, stock, gone)
            SELECT o.sku, o.version + 1, o.price_minor, o.stock, o.price_minor, o.currency, 0, true FROM old_rows o ORDER BY o.sku
            ON CONFLICT (sku) DO UPDATE SET version = excluded.version, stock = 0, gone = true;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER products_changed AFTER UPDATE ON products
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION products_news();
CREATE TRIGGER products_gone AFTER DELETE ON products
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION products_news();

-- The products that were shown in a conversation, so that news of them find it.
-- +goose StatementBegin
CREATE FUNCTION shown_skus(state json) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    -- A NUL that a model wrote into a need can't be read as text.
    SELECT CASE WHEN position('\u0000' IN state::text) > 0 THEN '{}'
        ELSE ARRAY(SELECT json_array_elements_text(state -> 'seen')) END
$$;
-- +goose StatementEnd
ALTER TABLE sessions ADD COLUMN shown text[] GENERATED ALWAYS AS (shown_skus(state)) STORED;
CREATE INDEX sessions_shown ON sessions USING gin (shown);

-- +goose Down
ALTER TABLE sessions DROP COLUMN shown;
DROP TRIGGER products_changed ON products;
DROP TRIGGER products_gone ON products;
DROP FUNCTION shown_skus, products_news;
DROP TABLE product_news, item_responses;
ALTER TABLE behaviour_events DROP COLUMN merged;
