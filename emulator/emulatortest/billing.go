package emulatortest

import (
	"testing"

	"heek.kr/heektime/emulator/billing"
)

// Measure returns what Google would bill for do and for everything that it causes: tasks, events and their
// handlers. It waits for these before and after, as [Cloud.Idle] does. What else happens in the cloud meanwhile
// is in it, too; [billing.Usage.AmountOf] picks a user's or a service's part.
func (c *Cloud) Measure(t testing.TB, do func()) billing.Usage {
	t.Helper()
	c.Idle(t)
	before := c.Usage()
	do()
	c.Idle(t)
	return billing.Between(before, c.Usage())
}
