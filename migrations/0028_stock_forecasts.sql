-- +goose Up

-- What a product cost, and whether it could be bought, from when on.
CREATE TABLE product_offers (
    sku         text        NOT NULL,
    at          timestamptz NOT NULL,
    price_minor bigint      NOT NULL,
    currency    text        NOT NULL,
    -- False from when it was sold out or gone.
    open        boolean     NOT NULL,
    PRIMARY KEY (sku, at)
);
CREATE INDEX product_offers_at ON product_offers (at);

-- +goose StatementBegin
CREATE FUNCTION products_offered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO product_offers SELECT sku, clock_timestamp(), price_minor, currency, stock > 0 FROM new_rows
            ON CONFLICT (sku, at) DO UPDATE SET price_minor = excluded.price_minor, currency = excluded.currency, open = excluded.open;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO product_offers SELECT n.sku, clock_timestamp(), n.price_minor, n.currency, n.stock > 0
            FROM old_rows o JOIN new_rows n USING (id)
            WHERE (o.price_minor, o.currency, o.stock > 0) IS DISTINCT FROM (n.price_minor, n.currency, n.stock > 0)
            ON CONFLICT (sku, at) DO UPDATE SET price_minor = excluded.price_minor, currency = excluded.currency, open = excluded.open;
    ELSE
        INSERT INTO product_offers SELECT sku, clock_timestamp(), price_minor, currency, false FROM old_rows
            ON CONFLICT (sku, at) DO UPDATE SET open = false;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER products_offered_new AFTER INSERT ON products
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION products_offered();
CREATE TRIGGER products_offered_changed AFTER UPDATE ON products
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION products_offered();
CREATE TRIGGER products_offered_gone AFTER DELETE ON products
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION products_offered();
INSERT INTO product_offers SELECT sku, clock_timestamp(), price_minor, currency, stock > 0 FROM products;

-- How many pieces of a product are expected to be bought, and what that means for its stock. Made anew every night.
CREATE TABLE stock_forecasts (
    sku            text             PRIMARY KEY,
    made_at        timestamptz      NOT NULL,
    -- Pieces a week on the average; 90 of 100 weeks have from week_low to week_high.
    weekly         double precision NOT NULL,
    week_low       integer          NOT NULL,
    week_high      integer          NOT NULL,
    -- Pieces by day, from Monday.
    days           double precision[] NOT NULL,
    methods        text             NOT NULL,
    -- How many weeks are known, and how far four weeks were off on the average, as a share of what was bought; -1 is unknown.
    weeks          integer          NOT NULL,
    error          double precision NOT NULL,
    sold_out_days  double precision NOT NULL,
    lost           double precision NOT NULL,
    -- The stock that was looked at, and what was made of it.
    stock          integer          NOT NULL,
    lead_days      integer          NOT NULL,
    reorder_point  integer          NOT NULL,
    safety_stock   integer          NOT NULL,
    order_quantity integer          NOT NULL,
    -- -1 where nothing is bought any more.
    cover_days     double precision NOT NULL,
    risk           double precision NOT NULL
);

-- +goose Down
DROP TABLE stock_forecasts;
DROP TRIGGER products_offered_new ON products;
DROP TRIGGER products_offered_changed ON products;
DROP TRIGGER products_offered_gone ON products;
DROP FUNCTION products_offered;
DROP TABLE product_offers;
