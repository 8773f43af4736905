-- +goose Up
CREATE EXTENSION IF NOT EXISTS vector;

-- One row a product. Facets are computed when a product is written, so that hard filters are plain SQL.
CREATE TABLE products (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku            text NOT NULL UNIQUE,
    title          text NOT NULL,
    brand          text NOT NULL,
    category       text NOT NULL,
    description    text NOT NULL,
    price_minor    bigint NOT NULL CHECK (price_minor >= 0),
    currency       text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    stock          integer NOT NULL CHECK (stock >= 0),
    image_url      text NOT NULL,
    rating         double precision NOT NULL CHECK (rating BETWEEN 0 AND 5),
    attributes     jsonb NOT NULL,
    titles         jsonb NOT NULL,
    descriptions   jsonb NOT NULL,
    released_at    timestamptz,
    catalogue      text NOT NULL,
    version        bigint NOT NULL DEFAULT 1,
    updated_at     timestamptz NOT NULL DEFAULT now(),
    -- Of everything above and of how the rest was computed: an equal hash means nothing to do.
    content_hash   bytea NOT NULL,
    -- The row of product_vectors that holds the embedding.
    text_hash      bytea NOT NULL,
    brand_key      text NOT NULL,
    colors         text[] NOT NULL,
    materials      text[] NOT NULL,
    audiences      text[] NOT NULL,
    sizes          text[] NOT NULL,
    -- Lexemes, for filters that look for words.
    title_words    text[] NOT NULL,
    category_words text[] NOT NULL,
    -- The text leg's terms with their weighted counts; a trigger copies them to product_terms.
    terms          text[] NOT NULL,
    counts         real[] NOT NULL,
    -- The sum of counts.
    length         real NOT NULL
);
CREATE INDEX products_text_hash ON products (text_hash);
CREATE INDEX products_brand ON products (brand_key);
CREATE INDEX products_price ON products (price_minor);
CREATE INDEX products_catalogue ON products (catalogue);
CREATE INDEX products_colors ON products USING gin (colors);
CREATE INDEX products_materials ON products USING gin (materials);
CREATE INDEX products_category ON products USING gin (category_words);

-- Embeddings by the hash of model and text, apart from the products: nothing is embedded twice, an import that
-- was killed goes on where it was, and a new price or stock does not touch the vector index.
CREATE TABLE product_vectors (
    text_hash  bytea PRIMARY KEY,
    embedding  halfvec(384) NOT NULL
);
-- Vectors are read by the hundred; 776 bytes are better kept in the row than beside it.
ALTER TABLE product_vectors ALTER COLUMN embedding SET STORAGE PLAIN;
CREATE INDEX product_vectors_embedding ON product_vectors USING hnsw (embedding halfvec_cosine_ops);

-- The text leg's postings. The product's length is repeated, so that BM25 reads this index and nothing else.
CREATE TABLE product_terms (
    term       text COLLATE "C" NOT NULL,
    product_id bigint NOT NULL,
    count      real NOT NULL,
    length     real NOT NULL,
    PRIMARY KEY (term, product_id) INCLUDE (count, length)
);

-- One row, which every writer of the catalogue locks first: totals for BM25, and versions by which readers
-- know that they must look again.
CREATE TABLE catalogue_state (
    only_row      boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    products      bigint NOT NULL DEFAULT 0,
    length        double precision NOT NULL DEFAULT 0,
    version       bigint NOT NULL DEFAULT 0,
    -- Changes when words or facets do, not with prices or stock.
    words_version bigint NOT NULL DEFAULT 0
);
INSERT INTO catalogue_state DEFAULT VALUES;

-- Whatever changes products keeps postings and totals exact in the same transaction.
-- +goose StatementBegin
CREATE FUNCTION products_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO product_terms SELECT t.term, n.id, t.count, n.length
        FROM new_rows n, unnest(n.terms, n.counts) t(term, count) ORDER BY t.term, n.id;
    UPDATE catalogue_state s SET version = version + 1, words_version = words_version + 1,
        products = s.products + n.products, length = s.length + n.length
        FROM (SELECT count(*) products, sum(length::float8) length FROM new_rows) n WHERE n.products > 0;
    RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION products_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM product_terms t USING (SELECT id, unnest(terms) term FROM old_rows) o
        WHERE t.term = o.term AND t.product_id = o.id;
    UPDATE catalogue_state s SET version = version + 1, words_version = words_version + 1,
        products = s.products - o.products, length = s.length - o.length
        FROM (SELECT count(*) products, sum(length::float8) length FROM old_rows) o WHERE o.products > 0;
    RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION products_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM product_terms t
        USING (SELECT o.id, unnest(o.terms) term FROM old_rows o JOIN new_rows n USING (id)
               WHERE (o.terms, o.counts) IS DISTINCT FROM (n.terms, n.counts)) o
        WHERE t.term = o.term AND t.product_id = o.id;
    INSERT INTO product_terms SELECT t.term, n.id, t.count, n.length
        FROM old_rows o JOIN new_rows n USING (id), unnest(n.terms, n.counts) t(term, count)
        WHERE (o.terms, o.counts) IS DISTINCT FROM (n.terms, n.counts) ORDER BY t.term, n.id;
    UPDATE catalogue_state s SET version = version + 1, words_version = words_version + d.words, length = s.length + d.length
        FROM (SELECT count(*) products, sum(n.length::float8 - o.length) length,
                  max(((o.terms, o.colors, o.materials, o.brand, o.category, o.title)
                      IS DISTINCT FROM (n.terms, n.colors, n.materials, n.brand, n.category, n.title))::int) words
              FROM old_rows o JOIN new_rows n USING (id)) d WHERE d.products > 0;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER products_inserted AFTER INSERT ON products
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION products_inserted();
CREATE TRIGGER products_deleted AFTER DELETE ON products
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION products_deleted();
CREATE TRIGGER products_updated AFTER UPDATE ON products
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION products_updated();

-- +goose Down
DROP TABLE products, product_vectors, product_terms, catalogue_state;
DROP FUNCTION products_inserted, products_deleted, products_updated;
