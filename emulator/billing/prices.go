package billing

import (
	_ "embed"
	"fmt"
	"math/big"
	"os"
)

// Prices are what Google charges. Make them with [DefaultPrices], [ParsePrices] or [ReadPrices].
type Prices struct {
	text         []byte
	wonPerDollar *big.Rat
	bucketRegion string
	items        map[Item]*price
}

// Mark says how far a price can be trusted.
type Mark string

// The marks of prices.
const (
	Vendor     Mark = "vendor"      // from the vendor's own pages or code
	SecondHand Mark = "second hand" // as others quote it
	Planned    Mark = "planned"     // no number was found, and this is one to plan with
)

// price is the price of an item.
type price struct {
	tiers []tier // at least one, the first from 0 on
	per   *big.Rat
	unit  unit
	free  *free // nil for none
	// regions has the prices that differ by the region of the bucket.
	regions map[string]*price

	region, date, source string
	mark                 Mark
}

// tier is what per units cost from so many units a month on.
type tier struct{ from, price *big.Rat }

// free is an amount that costs nothing.
type free struct {
	amount *big.Rat
	every  string   // everyDay or everyMonth
	at     *big.Rat // the price that the amount is worth as a discount, nil for the item's
}

// How often a free amount is given.
const (
	everyDay   = "day"
	everyMonth = "month"
)

//go:embed prices.yaml
var defaultPrices []byte

// DefaultPrices returns the prices of the file prices.yaml that is part of this package.
func DefaultPrices() *Prices {
	p, err := ParsePrices("prices.yaml", defaultPrices)
	if err != nil { // cannot happen: a test parses it
		panic(err)
	}
	return p
}

// ReadPrices reads a file of prices: [DefaultPrices] if the path is empty.
func ReadPrices(path string) (*Prices, error) {
	if path == "" {
		return DefaultPrices(), nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the prices: %w", err)
	}
	return ParsePrices(path, text)
}

// Text returns the file that the prices were parsed from.
func (p *Prices) Text() []byte { return p.text }

// WonPerDollar returns what a dollar costs.
func (p *Prices) WonPerDollar() *big.Rat { return new(big.Rat).Set(p.wonPerDollar) }

// BucketRegion returns the region of the bucket, which decides what Cloud Storage costs.
func (p *Prices) BucketRegion() string { return p.bucketRegion }

// WithBucketIn returns the prices with the bucket in another region. [Prices.Text] stays the same.
func (p *Prices) WithBucketIn(region string) *Prices {
	other := *p
	other.bucketRegion = region
	return &other
}

// of returns the price of an item.
func (p *Prices) of(item Item) *price {
	base := p.items[item]
	if there := base.regions[p.bucketRegion]; there != nil {
		return there
	}
	return base
}

// List returns what an amount of an item, in the meter's unit, costs without free amounts. Of a stored item it is
// the cost in a month.
func (p *Prices) List(item Item, amount int64, month Month) Money {
	price := p.of(item)
	units := new(big.Rat).Quo(new(big.Rat).SetInt64(amount), price.unit.size(month))
	return p.money(price.cost(new(big.Rat), units))
}

// freeUnits returns how many units of an item are free each time, nil for none.
func (p *price) freeUnits() *big.Rat {
	if p.free == nil {
		return nil
	}
	amount := new(big.Rat).Set(p.free.amount)
	if p.free.at != nil { // a discount of so many dollars pays for fewer units where they are dearer
		amount.Mul(amount, p.free.at)
		amount.Quo(amount, p.unitPrice())
	}
	return amount
}

// unitPrice returns what a unit costs in the first tier.
func (p *price) unitPrice() *big.Rat { return new(big.Rat).Quo(p.tiers[0].price, p.per) }

// cost returns what the units of a month cost from one total to another.
func (p *price) cost(from, to *big.Rat) *big.Rat {
	sum := new(big.Rat)
	for i, t := range p.tiers {
		low, high := from, to
		if low.Cmp(t.from) < 0 {
			low = t.from
		}
		if i+1 < len(p.tiers) && high.Cmp(p.tiers[i+1].from) > 0 {
			high = p.tiers[i+1].from
		}
		if low.Cmp(high) < 0 {
			part := new(big.Rat).Sub(high, low)
			sum.Add(sum, part.Mul(part, t.price))
		}
	}
	return sum.Quo(sum, p.per)
}
