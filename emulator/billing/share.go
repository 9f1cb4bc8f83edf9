package billing

import (
	"cmp"
	"math/big"
	"slices"
	"strings"
)

// Share is what an action, a user, a collection or a service costs at list price.
type Share struct {
	// Name is the action, the uid, the collection or the service. "" is one that is not known; a user without
	// a name is nobody signed in, or a server. [Other] are those that the meter had no room for, [Stored] is
	// what is stored.
	Name string `json:"name"`
	// Service is the service that an action was counted in.
	Service string `json:"service,omitempty"`
	List    Money  `json:"list"`
	// Percent is its part of the bill's list price.
	Percent float64 `json:"percent"`
	// Amounts are what was used, in the meter's units.
	Amounts map[Item]int64 `json:"amounts"`
}

// Stored is the action and the user of what is stored: nobody does anything while it costs.
const Stored = "(stored)"

// shareKey is what a share is of.
type shareKey struct{ name, service string }

// attribute computes the shares of the bill's month.
func (b *Bill) attribute(u Usage) {
	actions, users := shares{}, shares{}
	collections, services := shares{}, shares{}
	for _, day := range u.Days {
		if day.Date.Month() != b.Month {
			continue
		}
		for _, a := range day.Amounts {
			cause := a.Cause
			if a.Item.info().dimension.isLevel() {
				cause.Action, cause.User = Stored, Stored
			}
			actions.add(shareKey{cause.Action, cause.Service}, a)
			users.add(shareKey{name: cause.User}, a)
			collections.add(shareKey{name: cause.Collection}, a)
			services.add(shareKey{name: cause.Service}, a)
		}
	}
	b.Actions, b.Users = actions.sorted(b), users.sorted(b)
	b.Collections, b.Services = collections.sorted(b), services.sorted(b)
}

type shares map[shareKey]map[Item]int64

func (s shares) add(key shareKey, a Amount) {
	amounts := s[key]
	if amounts == nil {
		amounts = map[Item]int64{}
		s[key] = amounts
	}
	amounts[a.Item] = addSaturated(amounts[a.Item], a.Amount)
}

// sorted returns the shares with their list prices, the dearest first.
func (s shares) sorted(b *Bill) []Share {
	unit := map[Item]*big.Rat{} // what the meter's unit costs, on average if the price falls with the amount
	for _, line := range b.Lines {
		if line.Amount.Rat().Sign() > 0 {
			size := b.prices.of(line.Item).unit.size(b.Month)
			unit[line.Item] = new(big.Rat).Quo(line.List.USD(), new(big.Rat).Mul(line.Amount.Rat(), size))
		}
	}
	all := make([]Share, 0, len(s))
	for key, amounts := range s {
		usd := new(big.Rat)
		for item, amount := range amounts {
			if unit[item] == nil { // amounts that add up to nothing
				usd.Add(usd, b.prices.List(item, amount, b.Month).USD())
				continue
			}
			usd.Add(usd, new(big.Rat).Mul(unit[item], new(big.Rat).SetInt64(amount)))
		}
		share := Share{Name: key.name, Service: key.service, List: b.prices.money(usd), Amounts: amounts}
		if !b.List.IsZero() {
			share.Percent, _ = new(big.Rat).Quo(new(big.Rat).Mul(usd, big.NewRat(100, 1)), b.List.usd).Float64()
		}
		all = append(all, share)
	}
	slices.SortFunc(all, func(x, y Share) int {
		return cmp.Or(y.List.Cmp(x.List), strings.Compare(x.Name, y.Name), strings.Compare(x.Service, y.Service))
	})
	return all
}
