-- +goose Up

-- Who has an account, as the shop's own system told it.
CREATE TABLE customers (
    id         text        PRIMARY KEY,
    name       text        NOT NULL,
    email      text        NOT NULL,
    lang       text        NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- Returns that customers confirmed. The order's status says so too.
CREATE TABLE return_requests (
    id           text        PRIMARY KEY,
    order_key    text        NOT NULL REFERENCES orders ON DELETE CASCADE,
    customer     text        NOT NULL,
    skus         text[]      NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX return_requests_order ON return_requests (order_key);

-- Visitors' carts of which the shop's own system is still to be told that a customer has taken them.
CREATE TABLE carts_to_merge (
    visitor  text        PRIMARY KEY,
    customer text        NOT NULL,
    taken_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX carts_to_merge_customer ON carts_to_merge (customer);

-- +goose Down
DROP TABLE carts_to_merge, return_requests, customers;
