package retrieval

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
)

// lockCatalogue makes this transaction the only writer of the catalogue until it ends, so that totals stay
// exact and writers never deadlock. Readers are not held up.
func lockCatalogue(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, `SELECT FROM catalogue_state FOR UPDATE`); err != nil {
		return fmt.Errorf("lock the catalogue: %w", err)
	}
	return nil
}

// The statements that bring the documents of a source into products: a few given as a parameter, or those staged by an
// import. Unchanged ones stay as they are, changed ones get a new version. They return what was done by action.
const (
	mergeGiven  = mergeFrom + fromJSON + mergeInto
	mergeStaged = mergeFrom + `staged s` + mergeInto
)

// fromJSON is the source of a few documents, given as a parameter.
const fromJSON = `json_to_recordset($1) AS s(` + documentColumns + `)`

const mergeFrom = `
	WITH merged AS (
		MERGE INTO products p USING `

const mergeInto = ` ON p.sku = s.sku
		WHEN MATCHED AND p.content_hash <> s.content_hash THEN UPDATE SET
			title = s.title, brand = s.brand, category = s.category, description = s.description, price_minor = s.price_minor, was_minor = s.was_minor,
			currency = s.currency, stock = s.stock, image_url = s.image_url, rating = s.rating, attributes = s.attributes,
			titles = s.titles, descriptions = s.descriptions, released_at = s.released_at, catalogue = s.catalogue,
			cost_minor = s.cost_minor, delivery_days = s.delivery_days,
			version = p.version + 1, updated_at = now(), content_hash = s.content_hash, text_hash = s.text_hash,
			brand_key = s.brand_key, colors = s.colors, materials = s.materials, audiences = s.audiences, sizes = s.sizes,
			title_words = s.title_words, category_words = s.category_words, terms = s.terms, counts = s.counts, length = s.length
		WHEN NOT MATCHED THEN INSERT (sku, title, brand, category, description, price_minor, was_minor, currency, stock, image_url, rating,
			attributes, titles, descriptions, released_at, cost_minor, delivery_days, catalogue, content_hash, text_hash, brand_key, colors, materials,
			audiences, sizes, title_words, category_words, terms, counts, length)
			VALUES (s.sku, s.title, s.brand, s.category, s.description, s.price_minor, s.was_minor, s.currency, s.stock, s.image_url, s.rating,
			s.attributes, s.titles, s.descriptions, s.released_at, s.cost_minor, s.delivery_days, s.catalogue, s.content_hash, s.text_hash, s.brand_key, s.colors,
			s.materials, s.audiences, s.sizes, s.title_words, s.category_words, s.terms, s.counts, s.length)
		RETURNING merge_action() action
	) SELECT count(*) FILTER (WHERE action = 'INSERT'), count(*) FILTER (WHERE action = 'UPDATE') FROM merged`

func merge(ctx context.Context, tx pgx.Tx, sql string, args ...any) (inserted, updated int64, err error) {
	if err := tx.QueryRow(ctx, sql, args...).Scan(&inserted, &updated); err != nil {
		return 0, 0, fmt.Errorf("write products: %w", err)
	}
	return inserted, updated, nil
}

// Put creates or replaces a product and returns it as stored. The next search finds it. A product without a
// catalogue is the shop's own.
func (s *Store) Put(ctx context.Context, p shop.Product) (shop.Product, error) {
	if err := validate(&p); err != nil {
		return p, err
	}
	if p.Catalogue == "" {
		p.Catalogue = Own
	}
	docs, err := s.documents(ctx, s.pool, []shop.Product{p})
	if err != nil {
		return p, fmt.Errorf("put product %q: %w", p.SKU, err)
	}
	// The model runs before anything is locked; the vector is looked for again under the lock.
	if _, err := s.embedMissing(ctx, s.pool, docs); err != nil {
		return p, fmt.Errorf("put product %q: %w", p.SKU, err)
	}
	encoded, err := json.Marshal(docs)
	if err != nil {
		return p, fmt.Errorf("put product %q: %w", p.SKU, err)
	}
	var stored shop.Product
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
		if err := lockCatalogue(ctx, tx); err != nil {
			return err
		}
		stored, err = s.putLocked(ctx, tx, docs, encoded)
		return err
	})
	if err != nil {
		return p, fmt.Errorf("put product %q: %w", p.SKU, err)
	}
	return stored, nil
}

// putLocked writes one product under the lock, and reads it back.
func (s *Store) putLocked(ctx context.Context, tx pgx.Tx, docs []document, encoded []byte) (stored shop.Product, err error) {
	sku := docs[0].SKU
	old, err := textHash(ctx, tx, sku)
	if err != nil {
		return stored, err
	}
	if _, err := s.embedMissing(ctx, tx, docs); err != nil {
		return stored, err
	}
	if _, _, err := merge(ctx, tx, mergeGiven, encoded); err != nil {
		return stored, err
	}
	if err := dropVector(ctx, tx, old); err != nil {
		return stored, err
	}
	if stored, err = productIn(ctx, tx, sku); err != nil {
		return stored, fmt.Errorf("read it back: %w", err)
	}
	return stored, nil
}

func productIn(ctx context.Context, tx pgx.Tx, sku string) (shop.Product, error) {
	rows, err := tx.Query(ctx, `SELECT `+productColumns+` FROM products WHERE sku = $1`, sku)
	if err != nil {
		return shop.Product{}, err
	}
	return pgx.CollectExactlyOneRow(rows, func(row pgx.CollectableRow) (shop.Product, error) { return scanProduct(row) })
}

// Reprice changes a product's price and nothing else, where it is still the one that is given, and calls note in the same transaction:
// both happen, or neither. A price that is another by now is an error of code conflict.
func (s *Store) Reprice(ctx context.Context, sku string, from, to shop.Money, note func(tx pgx.Tx) error) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := lockCatalogue(ctx, tx); err != nil {
			return err
		}
		p, err := productIn(ctx, tx, sku)
		if errors.Is(err, pgx.ErrNoRows) {
			return shop.Errorf(shop.CodeNotFound, "There is no product with this SKU any more.")
		}
		if err != nil {
			return err
		}
		if p.Price != from || to.Currency != from.Currency {
			return shop.Errorf(shop.CodeConflict, "The product costs %s by now, not %s. Its price stays as it is.", p.Price, from)
		}
		p.Price = to
		if err := validate(&p); err != nil {
			return err
		}
		docs, err := s.documents(ctx, tx, []shop.Product{p})
		if err != nil {
			return err
		}
		encoded, err := json.Marshal(docs)
		if err != nil {
			return err
		}
		if _, err := s.putLocked(ctx, tx, docs, encoded); err != nil {
			return err
		}
		return note(tx)
	})
	if err != nil {
		return fmt.Errorf("change the price of product %q: %w", sku, err)
	}
	return nil
}

// Delete removes a product; not_found where there is none.
func (s *Store) Delete(ctx context.Context, sku string) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := lockCatalogue(ctx, tx); err != nil {
			return err
		}
		old, err := textHash(ctx, tx, sku)
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `DELETE FROM products WHERE sku = $1`, sku)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return shop.Errorf(shop.CodeNotFound, "There is no product with this SKU. Check the SKU.")
		}
		return dropVector(ctx, tx, old)
	})
	if err != nil {
		return fmt.Errorf("delete product %q: %w", sku, err)
	}
	return nil
}

// textHash is the key of the product's vector; nil where there is no such product.
func textHash(ctx context.Context, tx pgx.Tx, sku string) ([]byte, error) {
	rows, err := tx.Query(ctx, `SELECT text_hash FROM products WHERE sku = $1`, sku)
	if err != nil {
		return nil, fmt.Errorf("look for the product: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		return nil, fmt.Errorf("look for the product: %w", err)
	}
	if len(found) == 0 {
		return nil, nil
	}
	return found[0], nil
}

// dropVector removes a vector that no product has any more. While an import runs it stays, because the import may
// count on it; the import cleans up at its end.
func dropVector(ctx context.Context, tx pgx.Tx, key []byte) error {
	var alone bool
	if err := tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock_shared($1)`, int64(importLock)).Scan(&alone); err != nil {
		return fmt.Errorf("remove the vector: %w", err)
	}
	if !alone || key == nil {
		return nil
	}
	_, err := tx.Exec(ctx, `DELETE FROM product_vectors v WHERE text_hash = $1
		AND NOT EXISTS (SELECT FROM products p WHERE p.text_hash = v.text_hash)`, key)
	if err != nil {
		return fmt.Errorf("remove the vector: %w", err)
	}
	return nil
}
