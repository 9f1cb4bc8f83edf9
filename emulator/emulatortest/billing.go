package emulatortest

import (
	"fmt"
	"testing"

	"heek.kr/heektime/emulator/billing"
)

// Measure returns what Google would bill for do and for everything that it causes: tasks, events and their
// handlers. It waits for these before and after, as [Cloud.Idle] does. What else happens in the cloud
// meanwhile is in it, too; [billing.Usage.AmountOf] picks a user's or a service's part.
func (c *Cloud) Measure(t testing.TB, do func()) billing.Usage {
	t.Helper()
	c.Idle(t)
	before := c.Usage()
	do()
	c.Idle(t)
	return billing.Between(before, c.Usage())
}

// Cost is a number of operations that Firestore bills.
type Cost struct{ Reads, Writes, Deletes int }

// CostOf returns the operations of Firestore in a usage, such as what [Cloud.Measure] returns.
func CostOf(u billing.Usage) Cost {
	return Cost{
		Reads: int(u.Amount(billing.FirestoreReads)), Writes: int(u.Amount(billing.FirestoreWrites)), Deletes: int(u.Amount(billing.FirestoreDeletes)),
	}
}

func (c Cost) String() string {
	return fmt.Sprintf("%d reads, %d writes, %d deletes", c.Reads, c.Writes, c.Deletes)
}

// Total returns the number of operations.
func (c Cost) Total() int { return c.Reads + c.Writes + c.Deletes }
