-- +goose Up

-- What the customer looks at on the shop's own page: its product, and what the page is called.
ALTER TABLE sessions ADD COLUMN page_product text NOT NULL DEFAULT '', ADD COLUMN page_title text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE sessions DROP COLUMN page_product, DROP COLUMN page_title;
