-- +goose Up

-- What the shop tells about itself: shipping, returns, payment. Titles and bodies are by language code.
CREATE TABLE articles (
    slug         text        PRIMARY KEY,
    topic        text        NOT NULL,
    titles       jsonb       NOT NULL,
    bodies       jsonb       NOT NULL,
    -- Of everything above and of the models that embedded it: an equal hash means nothing to do.
    content_hash bytea       NOT NULL,
    updated_at   timestamptz NOT NULL DEFAULT now()
);

-- Paragraphs of articles, as questions are matched with them.
CREATE TABLE passages (
    slug    text    NOT NULL REFERENCES articles ON DELETE CASCADE,
    lang    text    NOT NULL,
    ordinal integer NOT NULL,
    title   text    NOT NULL,
    text    text    NOT NULL,
    -- Stems of English, pairs of characters of Chinese.
    terms   text[]  NOT NULL,
    -- Only the column of the passage's language is set; the models differ in width.
    english halfvec(384),
    chinese halfvec(512),
    PRIMARY KEY (slug, lang, ordinal)
);
CREATE INDEX passages_english ON passages USING hnsw (english halfvec_cosine_ops) WHERE english IS NOT NULL;
CREATE INDEX passages_chinese ON passages USING hnsw (chinese halfvec_cosine_ops) WHERE chinese IS NOT NULL;

CREATE INDEX passages_terms ON passages USING gin (terms);

-- +goose Down
DROP TABLE passages, articles;
