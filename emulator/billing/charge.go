package billing

import (
	"math/big"
	"time"
)

// charge is what an item costs in a month: amounts in units, costs in dollars.
type charge struct {
	amount, free, cost, list *big.Rat
	days                     []dayCharge
}

type dayCharge struct{ cost, list *big.Rat }

// charge computes what the amounts of a month's days, in the meter's unit, cost. Each day costs what it adds to
// the sum of those before.
func (p *price) charge(month Month, dates []Date, amounts []*big.Rat) charge {
	size := p.unit.size(month)
	c := charge{amount: new(big.Rat), free: new(big.Rat), cost: new(big.Rat), list: new(big.Rat)}
	each := p.freeUnits()
	for i, date := range dates {
		units := new(big.Rat).Quo(amounts[i], size)
		c.amount.Add(c.amount, units)
		switch {
		case p.free == nil:
		case p.free.every == everyMonth:
			c.free.Set(smaller(each, c.amount))
		default:
			c.free.Add(c.free, smaller(p.freeOf(each, date, month), units))
		}
		cost, list := p.cost(c.free, c.amount), p.cost(new(big.Rat), c.amount)
		c.days = append(c.days, dayCharge{new(big.Rat).Sub(cost, c.cost), new(big.Rat).Sub(list, c.list)})
		c.cost, c.list = cost, list
	}
	return c
}

// freeOf returns how many units are free on a day: of a level, the share of the month that the day is.
func (p *price) freeOf(each *big.Rat, date Date, month Month) *big.Rat {
	if !p.unit.dimension.isLevel() {
		return each
	}
	from, to := date.bounds()
	return new(big.Rat).Mul(each, big.NewRat(int64(to.Sub(from)/time.Second), month.seconds()))
}

func smaller(a, b *big.Rat) *big.Rat {
	if a.Cmp(b) < 0 {
		return a
	}
	return b
}
