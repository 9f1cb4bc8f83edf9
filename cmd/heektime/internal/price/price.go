// Package price has the prices that commands estimate costs with, in one place, so that they are easy to
// update.
package price

import (
	"fmt"
	"math"
)

// The prices, as of 2026-11-20. Firestore's are those of Tokyo, in US dollars for 100,000 operations, as
// others quote them; Seoul's were not found, so they are the ones to plan with. The free quota of a day,
// 50,000 reads and 20,000 writes, is not deducted: the services may have used it up.
//
// Source: https://cloud.google.com/firestore/pricing
const (
	readsPer100k  = 0.038
	writesPer100k = 0.115
	wonPerDollar  = 1400
)

// Firestore describes what reads and writes of documents cost: "1,200 reads, 0 writes: about 1 won".
func Firestore(reads, writes int) string {
	won := (float64(reads)*readsPer100k + float64(writes)*writesPer100k) / 100_000 * wonPerDollar
	return fmt.Sprintf("%d reads, %d writes: at most about %.0f won", reads, writes, math.Ceil(won))
}
