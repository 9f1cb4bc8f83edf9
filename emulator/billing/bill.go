package billing

import (
	"math/big"
	"time"
)

// Bill is what a usage costs in a month.
//
// Its sums are exact: the same usage and prices give the same bill. Free amounts apply to the sum of each item;
// what is attributed to causes is at list price, because nobody can say whose reads were the free ones. The
// amounts of Cloud Run are rounded up to 100 ms by the meter's caller, before requests share an instance.
type Bill struct {
	Month Month `json:"month"`
	// Until is when the usage ends. Of the current month the bill is what it costs until then.
	Until time.Time `json:"until"`
	// Lines are all items, also those without any usage.
	Lines []Line `json:"lines"`
	// Days are all days of the month. Free amounts of a month are used up from its beginning.
	Days []DayCost `json:"days"`
	// Total is what is billed, List what it would be without free amounts.
	Total Money `json:"total"`
	List  Money `json:"list"`
	// Projection is what the whole month costs if it goes on as it did since the meter began, and at least as
	// if the meter had run for a day. For a past month it is the total.
	Projection Money `json:"projection"`

	// What costs most at list price, the dearest first.
	Actions     []Share `json:"actions"`
	Users       []Share `json:"users"`
	Collections []Share `json:"collections"`
	Services    []Share `json:"services"`

	// Months are those in which something was counted, the latest first.
	Months []Month `json:"months"`
	// WonPerDollar is the rate.
	WonPerDollar Quantity `json:"wonPerDollar"`

	prices *Prices
}

// Line is an item of a bill.
type Line struct {
	Service string `json:"service"`
	Item    Item   `json:"item"`
	Unit    string `json:"unit"`
	// Amount is what was used, Free what of it is free, and Billed the rest, in units.
	Amount Quantity `json:"amount"`
	Free   Quantity `json:"free"`
	Billed Quantity `json:"billed"`
	// Cost is what is billed, List what it would be without the free amount, Projected the month's cost.
	Cost      Money `json:"cost"`
	List      Money `json:"list"`
	Projected Money `json:"projected"`

	// Price is the price of Per units in the first tier.
	Price  Quantity `json:"price"`
	Per    Quantity `json:"per"`
	Region string   `json:"region"`
	Date   string   `json:"date"`
	Mark   Mark     `json:"mark"`
	Source string   `json:"source"`
}

// DayCost is what a day adds to a bill.
type DayCost struct {
	Date Date  `json:"date"`
	Cost Money `json:"cost"`
	List Money `json:"list"`
}

// Bill computes the bill of a month.
func (p *Prices) Bill(u Usage, month Month) *Bill {
	b := &Bill{Month: month, Until: u.Until, WonPerDollar: Quantity{p.WonPerDollar()}, prices: p}
	zero := p.money(new(big.Rat))
	b.Total, b.List, b.Projection = zero, zero, zero
	dates := month.dates()
	for _, date := range dates {
		b.Days = append(b.Days, DayCost{date, zero, zero})
	}
	amounts := amountsByDay(u, dates)
	forecast := newForecast(u, month)
	for _, info := range items {
		price := p.of(info.item)
		c := price.charge(month, dates, amounts[info.item])
		projected := price.charge(month, dates, forecast.extend(info, dates, amounts[info.item]))
		line := Line{
			Service: info.service, Item: info.item, Unit: price.unit.name,
			Amount: Quantity{c.amount}, Free: Quantity{c.free}, Billed: Quantity{new(big.Rat).Sub(c.amount, c.free)},
			Cost: p.money(c.cost), List: p.money(c.list), Projected: p.money(projected.cost),
			Price: Quantity{price.tiers[0].price}, Per: Quantity{price.per},
			Region: price.region, Date: price.date, Mark: price.mark, Source: price.source,
		}
		b.Lines = append(b.Lines, line)
		b.Total, b.List, b.Projection = b.Total.Add(line.Cost), b.List.Add(line.List), b.Projection.Add(line.Projected)
		for i, day := range c.days {
			b.Days[i].Cost = b.Days[i].Cost.Add(p.money(day.cost))
			b.Days[i].List = b.Days[i].List.Add(p.money(day.list))
		}
	}
	b.attribute(u)
	b.Months = u.months()
	return b
}

// Line returns the line of an item.
func (b *Bill) Line(item Item) Line {
	for _, line := range b.Lines {
		if line.Item == item {
			return line
		}
	}
	return Line{}
}

// Between returns what was added to the bill of b's month between two usages of the same meter. What was still
// free is not in its costs, but in its list prices.
func (b *Bill) Between(from, to Usage) *Bill {
	early, late := b.prices.Bill(from, b.Month), b.prices.Bill(to, b.Month)
	out := b.prices.Bill(Between(from, to), b.Month)
	for i := range out.Lines {
		line, e, l := &out.Lines[i], early.Lines[i], late.Lines[i]
		line.Free = Quantity{new(big.Rat).Sub(l.Free.Rat(), e.Free.Rat())}
		line.Billed = Quantity{new(big.Rat).Sub(l.Billed.Rat(), e.Billed.Rat())}
		line.Cost, line.List = l.Cost.Sub(e.Cost), l.List.Sub(e.List)
		line.Projected = line.Cost
	}
	for i := range out.Days {
		out.Days[i].Cost = late.Days[i].Cost.Sub(early.Days[i].Cost)
		out.Days[i].List = late.Days[i].List.Sub(early.Days[i].List)
	}
	out.Total, out.List = late.Total.Sub(early.Total), late.List.Sub(early.List)
	out.Projection = out.Total
	return out
}

// amountsByDay sums a usage up by item and day, in the order of dates.
func amountsByDay(u Usage, dates []Date) map[Item][]*big.Rat {
	index := map[Date]int{}
	for i, date := range dates {
		index[date] = i
	}
	amounts := map[Item][]*big.Rat{}
	for _, info := range items {
		list := make([]*big.Rat, len(dates))
		for i := range list {
			list[i] = new(big.Rat)
		}
		amounts[info.item] = list
	}
	for _, day := range u.Days {
		i, ok := index[day.Date]
		if !ok {
			continue
		}
		for _, a := range day.Amounts {
			sum := amounts[a.Item][i]
			sum.Add(sum, new(big.Rat).SetInt64(a.Amount))
		}
	}
	return amounts
}
