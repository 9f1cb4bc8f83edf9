package billing

import (
	"math/big"
	"slices"
)

// unit is what a price is for.
type unit struct {
	name      string
	dimension dimension
	amount    int64 // in the meter's unit; of a level, without the seconds of the month
}

var units = []unit{
	{"read", count, 1}, {"write", count, 1}, {"delete", count, 1}, {"operation", count, 1}, {"request", count, 1},
	{"event", count, 1}, {"access", count, 1}, {"user", count, 1}, {"message", count, 1},
	{"GB", bytesOut, 1e9}, {"GiB", bytesOut, 1 << 30},
	{"vCPU-second", cpuTime, 1000}, {"GiB-second", memoryTime, 1024 * 1000},
	{"GB-month", byteTime, 1e9}, {"GiB-month", byteTime, 1 << 30},
	{"job-month", thingTime, 1}, {"version-month", thingTime, 1},
}

// unitsOf returns the names of a dimension's units.
func unitsOf(d dimension) (names []string) {
	for _, u := range units {
		if u.dimension == d {
			names = append(names, u.name)
		}
	}
	return names
}

func findUnit(name string) (unit, bool) {
	at := slices.IndexFunc(units, func(u unit) bool { return u.name == name })
	if at < 0 {
		return unit{}, false
	}
	return units[at], true
}

// size returns how much of the meter's unit one unit is in a month: a GiB-month is 2^30 bytes for all of the
// month's seconds.
func (u unit) size(m Month) *big.Rat {
	size := new(big.Rat).SetInt64(u.amount)
	if u.dimension.isLevel() {
		size.Mul(size, new(big.Rat).SetInt64(m.seconds()))
	}
	return size
}
