package billing

import (
	"bytes"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// pricesWith returns prices of 0 for all items but those given, each as lines of YAML.
func pricesWith(t testing.TB, given map[Item]string) *Prices {
	t.Helper()
	var text strings.Builder
	text.WriteString("wonPerDollar: 1400\nitems:\n")
	for _, info := range items {
		lines := given[info.item]
		if lines == "" {
			lines = "price: 0, unit: " + unitsOf(info.dimension)[0]
		}
		fmt.Fprintf(&text, "  %s: {%s, region: x, date: 2026-11-20, mark: vendor, source: https://example.com}\n", info.item, lines)
	}
	p, err := ParsePrices("test.yaml", []byte(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Every item has a price in the file, with its unit and source.
func TestDefaultPrices(t *testing.T) {
	p := DefaultPrices()
	if len(p.items) != len(items) || !bytes.Equal(p.Text(), defaultPrices) {
		t.Errorf("%d prices for %d items", len(p.items), len(items))
	}
	for item, units := range map[Item]*big.Rat{
		RunCPU:    big.NewRat(900000, 7),  // 128,571: a discount at the prices of Tier 1
		RunMemory: big.NewRat(1800000, 7), // 257,142
	} {
		if got := p.items[item].freeUnits(); got.Cmp(units) != 0 {
			t.Errorf("%s: %s units are free, want %s", item, got.FloatString(2), units.FloatString(2))
		}
	}
}

// The region of the bucket decides what Cloud Storage costs, and nothing else: the free amounts are those of three
// regions of the United States, and services in Seoul pay for bytes from and to there.
//
// Source: https://cloud.google.com/storage/pricing#cloud-storage-always-free
func TestBucketRegion(t *testing.T) {
	e := worked{days: 30, total: map[Item]int64{
		StorageClassA: 10_000, StorageClassB: 1_000_000, StorageEgress: 110 * gib, StorageTransfer: 10 * gib, FirestoreReads: 30_000_000,
	}, level: map[Item]int64{StorageStored: 6 * gb}}
	const elsewhere = "0.050 0.400 0.138 13.200 0.000 10.830"
	for region, want := range map[string]string{
		"us-west1": "0.025 0.380 0.020 1.200 0.800 10.830", "us-central1": "0.025 0.380 0.020 1.200 0.800 10.830",
		"asia-northeast3": elsewhere, "us-west2": elsewhere, "": elsewhere,
	} {
		bill, got := DefaultPrices().WithBucketIn(region).Bill(e.usage("2026-04"), "2026-04"), ""
		for _, item := range []Item{StorageClassA, StorageClassB, StorageStored, StorageEgress, StorageTransfer, FirestoreReads} {
			got += " " + bill.Line(item).Cost.USD().FloatString(3)
		}
		if got[1:] != want {
			t.Errorf("a bucket in %q costs%s dollars, want %s", region, got, want)
		}
	}
	if got := DefaultPrices().BucketRegion(); got != "us-west1" {
		t.Errorf("prices.yaml has a bucket in %q", got)
	}
	if p := pricesWith(t, nil); p.BucketRegion() != "" {
		t.Errorf("a file without the bucket's region has %q", p.BucketRegion())
	}
}

// An error names the file, the line, the item, and what to do. It is long because of its table.
func TestParsePricesErrors(t *testing.T) {
	text := string(defaultPrices)
	line := func(of string) string {
		before, _, ok := strings.Cut(text, of)
		if !ok {
			t.Fatalf("prices.yaml has no %q", of)
		}
		return fmt.Sprintf("p.yaml:%d: ", 1+strings.Count(before, "\n"))
	}
	const reads = "price: 0.038\n"
	for name, c := range map[string]struct{ old, new, want string }{
		"a price that is no number":     {reads, "price: cheap\n", line(reads) + `firestore.reads: price is "cheap": write a number such as 0.038`},
		"a negative price":              {reads, "price: -1\n", line(reads) + `firestore.reads: price is "-1": write a number`},
		"a price with an exponent":      {reads, "price: 1e9999999\n", line(reads) + `firestore.reads: price is "1e9999999": write a number`},
		"a hexadecimal price":           {reads, "price: 0x10\n", line(reads) + `firestore.reads: price is "0x10"`},
		"infinity":                      {reads, "price: .inf\n", line(reads) + `firestore.reads: price is ".inf"`},
		"a list as a price":             {reads, "price: [1]\n", "firestore.reads: price is"},
		"an empty price":                {reads, "price:\n", line(reads) + "firestore.reads: price has no value: add one"},
		"no price":                      {"    " + reads, "", "firestore.reads: price is missing: add it"},
		"an unknown field":              {reads, "price: 1\n    prise: 0.038\n", `firestore.reads: there is no "prise" here: use price, tiers`},
		"an unknown item":               {"  firestore.reads:", "  firestore.reeds:", line("  firestore.reads:") + `there is no "firestore.reeds" here: use firestore.reads`},
		"a missing item":                {"items:", "others:", `there is no "others" here: use wonPerDollar, bucketRegion, items`},
		"a wrong unit":                  {"unit: read\n", "unit: GiB\n", line("unit: read\n") + `firestore.reads: unit is "GiB": use read, write`},
		"a unit without the month":      {"unit: GiB-month", "unit: GiB", `firestore.stored: unit is "GiB": use GB-month, GiB-month`},
		"a wrong mark":                  {"mark: second hand", "mark: sure", `firestore.reads: mark is "sure": use vendor, second hand or planned`},
		"a wrong date":                  {"date: 2026-11-20", "date: yesterday", `firestore.reads: date is "yesterday": write a day`},
		"a wrong source":                {"source: https://cloud.google.com/firestore/pricing", "source: my uncle", `firestore.reads: source is "my uncle"`},
		"a free amount for a year":      {"50000, every: day", "50000, every: year", `firestore.reads: free.every is "year": use day or month`},
		"a free amount that is no map":  {"free: {amount: 50000, every: day}", "free: 50000", "firestore.reads: want a mapping with amount, every, at"},
		"a discount of nothing":         {"at: 0.000024", "at: 0", "run.cpu: free.at is 0"},
		"no rate":                       {"wonPerDollar: 1400\n", "", "wonPerDollar is missing: add it"},
		"a rate of nothing":             {"wonPerDollar: 1400", "wonPerDollar: 0", line("wonPerDollar: 1400") + "wonPerDollar is 0"},
		"per nothing":                   {"per: 100000", "per: 0", "firestore.reads: per is 0: write a number above it"},
		"tiers in disorder":             {"price: 0\n    unit: user", "tiers: [{from: 0, price: 2}, {from: 0, price: 1}]\n    unit: user", "auth.activeUsers: the tiers are not in order"},
		"tiers that begin above 0":      {"price: 0\n    unit: user", "tiers: [{from: 1, price: 1}]\n    unit: user", "auth.activeUsers: the first tier begins at 1: begin at 0"},
		"a price and tiers":             {"    unit: user", "    tiers: [{from: 0, price: 2}]\n    unit: user", "auth.activeUsers: price and tiers are both there"},
		"tiers that are no list":        {"price: 0\n    unit: user", "tiers: 5\n    unit: user", "auth.activeUsers: tiers is not a list"},
		"a second document":             {"items:", "---\nitems:", "2 YAML documents, want one"},
		"no YAML":                       {"items:", "items: [", "p.yaml: "},
		"a key twice":                   {reads, "price: 0.038\n    price: 0.04\n", "price"},
		"a bucket nowhere":              {"bucketRegion: us-west1", "bucketRegion: Oregon", line("bucketRegion:") + `bucketRegion is "Oregon": write a region`},
		"a region nowhere":              {"[us-central1,", "[Iowa,", `storage.classA: names has "Iowa": write a region`},
		"a region twice":                {"[us-central1,", "[us-west1,", "storage.classA: us-west1 is there twice"},
		"regions without names":         {"{names: [us-central1, us-east1, us-west1], free: ", "{free: ", "storage.classA: names is missing: add it"},
		"regions that are no list":      {"regions:\n      - {names: [us-central1, us-east1, us-west1], free: {amount: 5000, every: month}}", "regions: us-west1", "storage.classA: regions is not a list"},
		"a region's price in words":     {"price: 0.020\n", "price: cheap\n", line("price: 0.020\n") + `storage.stored: price is "cheap"`},
		"regions of another service":    {"unit: read\n", "unit: read\n    regions: [{names: [us-west1], price: 1}]\n", "firestore.reads: only the prices of Cloud Storage depend on"},
		"an alias instead of a mapping": {"free: {amount: 50000, every: day}", "free: *x", "p.yaml"},
	} {
		changed := strings.Replace(text, c.old, c.new, 1)
		if changed == text {
			t.Fatalf("%s: prices.yaml has no %q", name, c.old)
		}
		_, err := ParsePrices("p.yaml", []byte(changed))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "p.yaml") {
			t.Errorf("%s:\n%v\nwant %s", name, err, c.want)
		}
	}
	for _, text := range []string{"", "#", "1", "[]", "null", "\xff", strings.Repeat("#\n", maxPricesBytes), "items: {}", "wonPerDollar: 1\nitems: 3"} {
		if _, err := ParsePrices("p.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), "p.yaml") {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

func FuzzParsePrices(f *testing.F) {
	f.Add(defaultPrices)
	f.Add([]byte("wonPerDollar: &a 1\nitems: *a"))
	f.Add([]byte("? [a]\n: b"))
	f.Add([]byte("<<: {items: 1}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if p, err := ParsePrices("p.yaml", text); err == nil {
			p.Bill(Usage{}, "2026-11") // does not panic
		}
	})
}

func TestReadPrices(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mine.yaml")
	if _, err := ReadPrices(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a file that does not exist: %v", err)
	}
	mine := "\xef\xbb\xbf" + strings.Replace(string(defaultPrices), "wonPerDollar: 1400", "wonPerDollar: 1385.5", 1)
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(mine, "\n", "\r\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := ReadPrices(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.WonPerDollar().FloatString(1); got != "1385.5" {
		t.Errorf("a dollar costs %s", got)
	}
}
