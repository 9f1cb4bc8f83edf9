package bill

import (
	"cmp"
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/table"
	"heek.kr/heektime/emulator/billing"
)

// maxShares is how many actions, users and collections are printed.
const maxShares = 5

// maxName is the longest name of one, in columns of a terminal.
const maxName = 44

// marks stand behind prices that are not the vendor's own.
var marks = map[billing.Mark]string{billing.SecondHand: " ~", billing.Planned: " ?"}

// Print prints a bill on one screen. unmeasured are items whose usage is not known.
func Print(w io.Writer, b *billing.Bill, unmeasured []billing.Item) {
	fmt.Fprintf(w, "%s, %s\n\n", b.Month, until(b))
	columns := []table.Column{
		{Title: "service"}, {Title: "item"}, {Title: "used", Right: true}, {Title: "free", Right: true}, {Title: "billed", Right: true},
		{Title: "unit"}, {Title: "price"}, {Title: "cost", Right: true}, {Title: "month", Right: true},
	}
	var rows [][]string
	for _, line := range b.Lines {
		if line.Amount.Rat().Sign() == 0 {
			continue
		}
		_, item, _ := strings.Cut(string(line.Item), ".")
		rows = append(rows, []string{
			line.Service, item, short(line.Amount), short(line.Free), short(line.Billed), line.Unit, priceOf(line),
			won(line.Cost), won(line.Projected),
		})
	}
	if len(rows) == 0 {
		fmt.Fprintln(w, "nothing has been used")
	} else {
		table.Write(w, columns, rows)
	}
	fmt.Fprintf(w, "\nso far %s; the whole month, if it goes on like this, %s; so far without free amounts %s\n",
		both(b.Total), both(b.Projection), both(b.List))
	for _, list := range []struct {
		title  string
		shares []billing.Share
	}{{"actions", b.Actions}, {"users", b.Users}, {"collections", b.Collections}} {
		printShares(w, b, list.title, list.shares)
	}
	if len(unmeasured) > 0 {
		names := make([]string, len(unmeasured))
		for i, item := range unmeasured {
			names[i] = string(item)
		}
		fmt.Fprintf(w, "\nnot measured: %s\n", strings.Join(names, ", "))
	}
	fmt.Fprintf(w, "\nprices: ~ second hand, ? planned; a dollar is %s won\n", b.WonPerDollar)
}

// until says up to when the bill is.
func until(b *billing.Bill) string {
	_, end := b.Month.Bounds()
	if b.Until.Before(end) {
		return "until " + b.Until.In(time.Local).Format("2006-01-02 15:04")
	}
	return "the whole month"
}

// printShares prints the dearest of something, unless nothing is known about it.
func printShares(w io.Writer, b *billing.Bill, title string, shares []billing.Share) {
	if b.List.IsZero() || len(shares) == 0 || len(shares) == 1 && shares[0].Name == "" {
		return
	}
	fmt.Fprintf(w, "\ndearest %s, at list price\n", title)
	columns := []table.Column{{Title: ""}, {Title: "won", Right: true}, {Title: "%", Right: true}, {Title: ""}}
	var rows [][]string
	for _, s := range shares[:min(len(shares), maxShares)] {
		name := cmp.Or(s.Name, "(none)")
		if s.Service != "" && s.Service != s.Name {
			name += " of " + s.Service
		}
		rows = append(rows, []string{"  " + table.Cut(name, maxName), won(s.List), fmt.Sprintf("%.1f", s.Percent), operations(s)})
	}
	var text strings.Builder
	table.Write(&text, columns, rows)
	_, lines, _ := strings.Cut(text.String(), "\n") // without the titles, which are clear
	fmt.Fprint(w, lines)
}

// operations lists the counts that make up most of a share.
func operations(s billing.Share) string {
	var parts []string
	for _, of := range []struct {
		item billing.Item
		noun string
	}{
		{billing.FirestoreReads, "read"}, {billing.FirestoreWrites, "write"}, {billing.FirestoreDeletes, "delete"},
		{billing.RunRequests, "request"}, {billing.TasksOperations, "task operation"},
	} {
		if n := s.Amounts[of.item]; n > 0 {
			parts = append(parts, table.Counted(int(n), of.noun))
		}
	}
	return strings.Join(parts, ", ")
}

// priceOf returns a line's price, such as "$0.038/100,000".
func priceOf(line billing.Line) string {
	price := "$" + plain(line.Price.Rat())
	if per := line.Per.String(); per != "1" {
		price += "/" + per
	}
	return price + marks[line.Mark]
}

// plain writes a price with all of its decimals.
func plain(r *big.Rat) string {
	return strings.TrimRight(strings.TrimRight(r.FloatString(15), "0"), ".")
}

// short writes a quantity: a whole number above 100, and at most three decimals below.
func short(q billing.Quantity) string {
	r := q.Rat()
	if r.IsInt() || r.Cmp(big.NewRat(100, 1)) >= 0 {
		return table.Count(int(wholeOf(r)))
	}
	if r.Cmp(big.NewRat(1, 1000)) < 0 {
		return "<0.001"
	}
	return strings.TrimRight(strings.TrimRight(r.FloatString(3), "0"), ".")
}

// won writes an amount in won: whole above 10, with two decimals below.
func won(m billing.Money) string {
	r := m.Won()
	if r.Sign() == 0 || r.Cmp(big.NewRat(10, 1)) >= 0 {
		return "₩" + table.Count(int(wholeOf(r)))
	}
	if r.Cmp(big.NewRat(1, 100)) < 0 {
		return "<₩0.01"
	}
	return "₩" + r.FloatString(2)
}

// both writes an amount in won and, to the cent, in dollars.
func both(m billing.Money) string { return won(m) + " ($" + m.USD().FloatString(2) + ")" }

// wholeOf rounds half up.
func wholeOf(r *big.Rat) int64 {
	doubled := new(big.Rat).Add(new(big.Rat).Mul(r, big.NewRat(2, 1)), big.NewRat(1, 1))
	return new(big.Int).Div(doubled.Num(), new(big.Int).Mul(doubled.Denom(), big.NewInt(2))).Int64()
}
