package simulation

import (
	_ "embed"
	"fmt"
	"math/big"

	"github.com/goccy/go-yaml"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/internal/deployment"
)

// Alternative is what the same load costs with something else, in won.
type Alternative struct {
	Name string  `json:"name"`
	Won  float64 `json:"won"`
	// Note says what it is made of.
	Note string `json:"note"`
}

//go:embed alternatives.yaml
var alternativePrices []byte

// elsewhere are the prices of alternatives.
type elsewhere struct {
	OldClusterWon float64 `yaml:"oldClusterWon"`
	VM            struct {
		Hour        float64 `yaml:"hour"`
		DiskGBMonth float64 `yaml:"diskGBMonth"`
		DiskGB      float64 `yaml:"diskGB"`
		EgressGiB   float64 `yaml:"egressGiB"`
	} `yaml:"vm"`
}

func readElsewhere() elsewhere {
	var e elsewhere
	if err := yaml.UnmarshalWithOptions(alternativePrices, &e, yaml.Strict()); err != nil { // cannot happen: a test parses it
		panic(fmt.Sprintf("alternatives.yaml: %v", err))
	}
	return e
}

// alternatives returns what the load of an outcome costs with something else.
func (r *Result) alternatives(o *Outcome, prices *billing.Prices) []Alternative {
	e, k := readElsewhere(), int64(o.Copies)
	rate, _ := prices.WonPerDollar().Float64()
	from, to := r.Month.Bounds()
	hours := to.Sub(from).Hours()
	var sent int64
	for _, item := range []billing.Item{billing.FirestoreEgress, billing.StorageEgress, billing.RunEgress, billing.HostingEgress} {
		sent += o.Usage.Amount(item)
	}
	vm := (e.VM.Hour*hours + e.VM.DiskGBMonth*e.VM.DiskGB + e.VM.EgressGiB*float64(sent)/(1<<30)) * rate
	loads, searches := int64(r.Counts.Loads+r.Counts.Deltas)*k, int64(r.Counts.Searches)*k
	documents := r.withUsage(o, prices, func(add func(billing.Item, int64)) {
		add(billing.StorageEgress, -o.Usage.Amount(billing.StorageEgress))
		add(billing.StorageClassB, -o.Usage.Amount(billing.StorageClassB))
		add(billing.FirestoreReads, loads*int64(r.Behaviour.List.Lectures))
		add(billing.FirestoreEgress, loads*int64(r.Behaviour.List.Lectures)*lectureBytes)
		add(billing.FirestoreWrites, int64(r.Changes*r.Behaviour.List.LecturesPerChange))
	})
	uncached := r.withUsage(o, prices, func(add func(billing.Item, int64)) {
		add(billing.StorageEgress, (searches-int64(r.Counts.Loads)*k)*r.Counts.List-r.Counts.Delta*k)
		add(billing.StorageClassB, searches-loads)
	})
	seoul := won(prices.WithBucketIn(deployment.Table().Region).Bill(o.Usage, r.Month).Total)
	return []Alternative{
		{"the old cluster", e.OldClusterWon, "whatever the load"},
		{"one small VM with PostgreSQL", vm, "e2-small, always on, no replica"},
		{"lists as documents", documents, fmt.Sprintf("%d reads for each list or delta that is loaded now", r.Behaviour.List.Lectures)},
		{"no HTTP cache, no deltas", uncached, "the whole list whenever a student opens it"},
		{"the lists' bucket in Seoul", seoul, "without Cloud Storage's free amounts, and 0.13 s faster"},
	}
}

// lectureBytes is about how large a lecture is in a response of Firestore.
const lectureBytes = 700

// withUsage returns what an outcome would cost with some amounts changed. Amounts are spread over the
// month as those of Firestore's reads are.
func (r *Result) withUsage(o *Outcome, prices *billing.Prices, change func(add func(billing.Item, int64))) float64 {
	out := billing.Usage{Since: o.Usage.Since, Until: o.Usage.Until}
	for _, day := range o.Usage.Days {
		d := billing.Day{Date: day.Date}
		d.Amounts = append(d.Amounts, day.Amounts...)
		out.Days = append(out.Days, d)
	}
	change(func(item billing.Item, amount int64) {
		weight := item
		if amount > 0 {
			weight = billing.FirestoreReads
		}
		total := o.Usage.Amount(weight)
		if total == 0 {
			return
		}
		for i, day := range o.Usage.Days {
			of := billing.Usage{Days: []billing.Day{day}}.Amount(weight)
			part := new(big.Int).Div(new(big.Int).Mul(big.NewInt(amount), big.NewInt(of)), big.NewInt(total))
			out.Days[i].Amounts = append(out.Days[i].Amounts, billing.Amount{Item: item, Amount: part.Int64()})
		}
	})
	return won(prices.Bill(out, r.Month).Total)
}
