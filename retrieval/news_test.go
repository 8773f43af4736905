package retrieval_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"floorwalker/shop"
)

func TestChangesOfPriceAndStockAreToldOnce(t *testing.T) {
	s, _, _ := newFakeStore(t)
	usd := func(minor int64) shop.Money { return shop.Money{Minor: minor, Currency: "USD"} }
	put := func(sku string, minor int64, stock int, description string) {
		t.Helper()
		if _, err := s.Put(t.Context(), shop.Product{SKU: sku, Title: "A mug", Price: usd(minor), Stock: stock, Description: description}); err != nil {
			t.Fatal(err)
		}
	}
	put("mug", 750, 0, "tin") // a new product is no news
	put("cup", 300, 5, "clay")
	put("pot", 900, 5, "steel")

	var mu sync.Mutex
	var told []shop.ProductNews
	failures := 1
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for range 2 { // two replicas
		all.Go(func() {
			if err := s.News(ctx, func(_ context.Context, news []shop.ProductNews) error {
				mu.Lock()
				defer mu.Unlock()
				if failures > 0 {
					failures--
					return errors.New("not now")
				}
				told = append(told, news...)
				return nil
			}); err != nil {
				t.Error(err)
			}
		})
	}
	put("mug", 600, 0, "tin")
	put("mug", 500, 3, "tin")
	put("cup", 300, 5, "red clay") // neither price nor stock
	if err := s.Delete(t.Context(), "pot"); err != nil {
		t.Fatal(err)
	}
	of := func(sku string) (found []shop.ProductNews) {
		mu.Lock()
		defer mu.Unlock()
		for _, n := range told {
			if n.SKU == sku {
				found = append(found, n)
			}
		}
		return found
	}
	eventually(t, func() bool {
		mugs, pots := of("mug"), of("pot")
		return len(mugs) > 0 && mugs[len(mugs)-1].Stock == 3 && len(pots) > 0
	})
	mugs := of("mug")
	if last := mugs[len(mugs)-1]; last.Price != usd(500) || mugs[0].Was != usd(750) || mugs[0].WasStock != 0 || last.Gone {
		t.Errorf("%+v", mugs)
	}
	if pots := of("pot"); len(pots) != 1 || !pots[0].Gone {
		t.Errorf("%+v", pots)
	}
	put("mug", 500, 2, "tin")
	eventually(t, func() bool {
		mugs := of("mug")
		return mugs[len(mugs)-1].Stock == 2
	})
	cancel()
	all.Wait()
	if len(of("cup")) != 0 {
		t.Errorf("a new description is news: %+v", of("cup"))
	}
	if stocks := of("mug"); slices.ContainsFunc(stocks[:len(stocks)-1], func(n shop.ProductNews) bool { return n.Stock == 2 }) {
		t.Errorf("told twice: %+v", stocks)
	}
}
