-- +goose Up

-- What the shop says about its search: words that mean others, and what is to stand higher or lower.
CREATE TABLE search_rules (
    id         bigint           GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text             NOT NULL CHECK (kind IN ('synonym', 'brand', 'category', 'sku')),
    -- The word, brand, category or SKU that it is about, in small letters but for SKUs.
    subject    text             NOT NULL,
    -- What a synonym means; empty for others.
    means      text             NOT NULL DEFAULT '',
    -- What is added to the score, from -1 to 1; 0 for synonyms.
    boost      double precision NOT NULL DEFAULT 0 CHECK (boost BETWEEN -1 AND 1),
    UNIQUE (kind, subject)
);

-- +goose Down
DROP TABLE search_rules;
