-- +goose Up

-- What customers have chosen. The owner is a verified customer's id, else the session's.
CREATE TABLE cart_lines (
    id       uuid        NOT NULL UNIQUE,
    owner    text        NOT NULL,
    -- No reference to products: a product that comes back is in the cart again.
    sku      text        NOT NULL,
    quantity integer     NOT NULL CHECK (quantity > 0),
    added_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, sku)
);

-- Purchases made earlier, as the shop's own system told them.
CREATE TABLE orders (
    -- Upper case, without "#" and spaces: as it is looked for.
    key         text        PRIMARY KEY,
    id          text        NOT NULL,
    customer    text        NOT NULL,
    status      text        NOT NULL,
    lines       jsonb       NOT NULL,
    total_minor bigint      NOT NULL,
    currency    text        NOT NULL,
    placed_at   text        NOT NULL,
    eta         text        NOT NULL,
    carrier     text        NOT NULL,
    tracking    text        NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX orders_customer ON orders (customer, placed_at DESC) WHERE customer <> '';

-- +goose Down
DROP TABLE orders, cart_lines;
