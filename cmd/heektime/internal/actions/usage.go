package actions

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"heek.kr/heektime/emulator/billing"
)

// An instance of every service has one vCPU and 512 MiB. A request is taken for 100 ms of one, the least that
// Cloud Run bills, as if no other request shared it: a busy instance costs less, one that starts costs more.
const (
	requestTime = 100 * time.Millisecond
	memoryMiB   = 512
)

// Usage returns what an action is billed when it happens so many times.
func (c Counts) Usage(times int64) billing.Usage {
	ms := c.Run * requestTime.Milliseconds()
	day := billing.Day{Date: "2026-11-01"}
	for _, a := range []billing.Amount{
		{Item: billing.FirestoreReads, Amount: c.Reads}, {Item: billing.FirestoreWrites, Amount: c.Writes},
		{Item: billing.FirestoreDeletes, Amount: c.Deletes}, {Item: billing.FirestoreEgress, Amount: c.FirestoreBytes},
		{Item: billing.StorageClassA, Amount: c.ClassA}, {Item: billing.StorageClassB, Amount: c.ClassB},
		{Item: billing.StorageEgress, Amount: c.StorageBytes}, {Item: billing.StorageTransfer, Amount: c.TransferBytes},
		{Item: billing.RunRequests, Amount: c.Run},
		{Item: billing.RunCPU, Amount: ms}, {Item: billing.RunMemory, Amount: ms * memoryMiB},
		{Item: billing.RunEgress, Amount: c.RunBytes}, {Item: billing.TasksOperations, Amount: c.Tasks},
		{Item: billing.EventarcEvents, Amount: c.Events},
	} {
		if a.Amount *= times; a.Amount > 0 {
			day.Amounts = append(day.Amounts, a)
		}
	}
	return billing.Usage{Days: []billing.Day{day}}
}

// Won returns what an action costs in won at list price, without free amounts.
func (c Counts) Won(prices *billing.Prices) *big.Rat {
	const times = 1000
	won := prices.Bill(c.Usage(times), "2026-11").List.Won()
	return won.Quo(won, big.NewRat(times, 1))
}

// Bytes returns all bytes that leave Google's network.
func (c Counts) Bytes() int64 { return c.FirestoreBytes + c.StorageBytes + c.RunBytes }

// Markdown returns the table as docs/cost.md shows it, with what 1,000 actions cost.
func Markdown(all []Action, prices *billing.Prices) string {
	var b strings.Builder
	b.WriteString("| | reads | by rules | writes | deletes | kB out | Run | Storage | Auth | other | ₩ for 1,000 |\n|---|" + strings.Repeat("--:|", 10) + "\n")
	for _, client := range Clients() {
		fmt.Fprintf(&b, "| **%s** |%s\n", client, strings.Repeat(" |", 10))
		for _, a := range all {
			if a.Client != client {
				continue
			}
			won := a.Won(prices)
			won.Mul(won, big.NewRat(1000, 1))
			cells := []string{
				a.Name, number(a.Reads), number(a.RulesReads), number(a.Writes), number(a.Deletes), kilobytes(a.Bytes()),
				number(a.Run), operations(a.ClassA, " A", a.ClassB, " B", (a.TransferBytes+999)/1000, " kB"), number(a.Auth),
				operations(a.Tasks, " T", a.Events, " E"), won.FloatString(1),
			}
			fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
		}
	}
	return b.String()
}

// number leaves out zeros, so that a row shows what there is.
func number(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

// kilobytes returns a number of bytes in kB, with one decimal below ten.
func kilobytes(n int64) string {
	switch {
	case n == 0:
		return ""
	case n < 10_000:
		return fmt.Sprintf("%.1f", float64(n)/1000)
	}
	return fmt.Sprintf("%.0f", float64(n)/1000)
}

// operations returns numbers with their names, without zeros: "1 A, 2 B".
func operations(numbersAndNames ...any) string {
	var parts []string
	for pair := range slices.Chunk(numbersAndNames, 2) {
		if n := pair[0].(int64); n > 0 {
			parts = append(parts, fmt.Sprint(n, pair[1]))
		}
	}
	return strings.Join(parts, ", ")
}
