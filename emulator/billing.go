package emulator

import "heek.kr/heektime/emulator/billing"

// Usage returns what Google would have billed so far, as [billing.Meter] counts it: by day, item and cause.
// [billing.Between] returns what was counted between two of them.
func (c *Cloud) Usage() billing.Usage { return c.Meter.Usage() }

// Bill returns what the current month would cost so far, and what it will cost if it goes on like this.
func (c *Cloud) Bill() *billing.Bill { return c.BillOf("") }

// BillOf returns what a month costs; "" is the current one.
func (c *Cloud) BillOf(month billing.Month) *billing.Bill {
	u := c.Usage()
	if month == "" {
		month = billing.MonthOf(u.Until)
	}
	return c.Prices.Bill(u, month)
}
