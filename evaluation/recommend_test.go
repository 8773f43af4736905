package evaluation_test

import (
	"compress/gzip"
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"floorwalker/evaluation"
)

const invoices = `InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
1,10001,MUG,6,2011-10-01 08:26:00,2.55,17850.0,UK
1,10002,TENT,1,2011-10-01 08:26:00,2.55,17850.0,UK
C2,10002,TENT,-1,2011-10-02 08:26:00,2.55,17850.0,UK
3,10003,LAMP,1,2011-10-03 08:26:00,2.55,,UK
3,POST,POSTAGE,1,2011-10-03 08:26:00,2.55,,UK
4,10001,MUG,1,2011-11-02 08:26:00,2.55,17850.0,UK
5,10002,TENT,1,2011-11-03 08:26:00,2.55,17850.0,UK
6,10003,"LAMP, BLUE",1,2011-11-04 08:26:00,2.55,99.0,UK
`

func TestANextBasketIsForetoldFromWhatWasBeforeTheCut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "invoices.csv.gz")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	zipped := gzip.NewWriter(file)
	if _, err := zipped.Write([]byte(invoices)); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	deeds, err := evaluation.ReadTransactions(path)
	if err != nil || len(deeds) != 6 {
		t.Fatalf("%d lines, want those that sell a product: %v", len(deeds), err)
	}
	cut := time.Date(2011, 11, 1, 0, 0, 0, 0, time.UTC)
	p := evaluation.Split(deeds, cut, cut.AddDate(0, 1, 0))
	if len(p.Before) != 3 || p.Anonymous != 1.0/3 {
		t.Errorf("%d lines before the cut, %.2f of them without a customer", len(p.Before), p.Anonymous)
	}
	if next := p.Next["17850"]; len(p.Next) != 2 || len(next) != 1 || !next["10001"] {
		t.Errorf("next baskets are %v", p.Next)
	}
	r, err := evaluation.Recommend(t.Context(), p, []evaluation.List{{Model: "peer", Customer: "17850", Items: []string{"10009", "10001"}}}, backwards{})
	if err != nil {
		t.Fatal(err)
	}
	if learned := r.Known["floorwalker, learned"]; learned.NDCG10 >= r.Known["floorwalker"].NDCG10 || learned.Recall10 != 1 || r.New["floorwalker, learned"] != r.New["floorwalker"] {
		t.Errorf("a model that turns the order round has the figures %+v", learned)
	}
	if known := r.Known["peer"]; known.Customers != 1 || known.Recall10 != 1 || math.Abs(known.NDCG10-1/math.Log2(3)) > 1e-9 {
		t.Errorf("the peer's figures are %+v", known)
	}
	if r.New["peer"].Customers != 1 || r.New["peer"] != r.New["popularity"] {
		t.Errorf("a peer without a list recommends what is popular: %+v", r.New)
	}
	if r.Known["floorwalker"].Recall10 != 1 {
		t.Errorf("what a customer buys is not recommended: %+v", r.Known["floorwalker"])
	}
}

// backwards puts candidates in the opposite order.
type backwards struct{}

func (backwards) Name() string    { return "backwards" }
func (backwards) Version() string { return "1" }

func (backwards) Score(_ context.Context, rows [][]float32) ([]float32, error) {
	scores := make([]float32, len(rows))
	for i := range scores {
		scores[i] = float32(i)
	}
	return scores, nil
}

func TestIntentIsJudgedByOrderAndByProbability(t *testing.T) {
	v := evaluation.Visits{Bought: []bool{true, false, true, false, false, false, false, false, false, false}}
	r := evaluation.Intent(v, []float32{0.9, 0.1, 0.3, 0.3, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1})
	// Of 16 pairs of a purchase and none, 15 are in order and one is even; the probabilities are off by 0.1, 0.7, 0.3 and seven times 0.1.
	if math.Abs(r.AUC-15.5/16) > 1e-6 || math.Abs(r.Brier-(0.01+0.49+0.09+0.07)/10) > 1e-6 || math.Abs(r.ECE-(0.1+0.7+0.3+0.7)/10) > 1e-6 || r.Bought != 0.2 {
		t.Errorf("%+v", r)
	}
}
