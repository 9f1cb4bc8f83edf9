package billing

import (
	"math/big"
	"time"
)

// forecast extends a usage to the end of its month.
type forecast struct {
	until time.Time
	span  time.Duration // for which something was counted in the month; 0 outside of the month
}

// newForecast returns the forecast of a month, which extends nothing if the usage ends outside of it.
func newForecast(u Usage, month Month) forecast {
	from, to := month.Bounds()
	if u.Until.Before(from) || !u.Until.Before(to) {
		return forecast{}
	}
	since := from
	if u.Since.After(since) {
		since = u.Since
	}
	return forecast{u.Until, u.Until.Sub(since)}
}

// minSpan is the time that what was counted is taken to have happened in, at least. Or a minute of tests would
// be a month of such minutes.
const minSpan = 24 * time.Hour

// extend returns the amounts of the days with what is to come. Levels are expected to stay at their average.
func (f forecast) extend(info itemInfo, dates []Date, amounts []*big.Rat) []*big.Rat {
	if f.span <= 0 {
		return amounts
	}
	span := f.span
	if !info.dimension.isLevel() {
		span = max(span, minSpan)
	}
	rate := new(big.Rat)
	for _, amount := range amounts {
		rate.Add(rate, amount)
	}
	rate.Quo(rate, new(big.Rat).SetInt64(int64(span)))
	out := make([]*big.Rat, len(dates))
	for i, date := range dates {
		from, to := date.bounds()
		if from.Before(f.until) {
			from = f.until
		}
		out[i] = new(big.Rat).Set(amounts[i])
		if rest := to.Sub(from); rest > 0 {
			out[i].Add(out[i], new(big.Rat).Mul(rate, new(big.Rat).SetInt64(int64(rest))))
		}
	}
	return out
}
