// Package price describes what commands cost, at the prices of the bill.
package price

import (
	"fmt"
	"time"

	"heek.kr/heektime/emulator/billing"
)

// Firestore describes what reads and writes of documents cost: "1200 reads, 0 writes: at most about 1 won". The
// free quota of a day is not deducted: the services may have used it up.
func Firestore(reads, writes int) string {
	prices, month := billing.DefaultPrices(), billing.MonthOf(time.Now())
	cost := prices.List(billing.FirestoreReads, int64(reads), month).Add(prices.List(billing.FirestoreWrites, int64(writes), month))
	return fmt.Sprintf("%d reads, %d writes: at most about %s won", reads, writes, cost.WonUp())
}
