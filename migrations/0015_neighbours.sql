-- +goose Up

-- What goes with a product, best first: one row a product, since all of it is read at once. It is learnt again within a
-- quarter of an hour.
DROP TABLE item_neighbours;
CREATE TABLE item_neighbours (
    sku     text   PRIMARY KEY,
    others  text[] NOT NULL,
    weights real[] NOT NULL,
    CHECK (cardinality(others) = cardinality(weights))
);

-- +goose Down
DROP TABLE item_neighbours;
CREATE TABLE item_neighbours (
    sku    text NOT NULL,
    other  text NOT NULL,
    weight real NOT NULL,
    PRIMARY KEY (sku, other)
);
