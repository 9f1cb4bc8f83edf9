package console

import (
	"net/http"

	"heek.kr/heektime/emulator/billing"
)

// maxShares is how many actions, users and collections the page shows.
const maxShares = 12

// BillPage is a bill for the page.
type BillPage struct {
	*billing.Bill
	Today billing.Date `json:"today"`
}

// NewBillPage returns a bill for the page, with the dearest actions, users and collections only. It does not change
// the bill.
func NewBillPage(b *billing.Bill) BillPage {
	bill := *b
	for _, shares := range []*[]billing.Share{&bill.Actions, &bill.Users, &bill.Collections, &bill.Services} {
		*shares = (*shares)[:min(len(*shares), maxShares)]
	}
	return BillPage{&bill, billing.DateOf(bill.Until)}
}

// bill returns the bill of a month, or of the current one.
func (c *Console) bill(r *http.Request) (any, error) {
	if c.Bill == nil {
		return nil, &apiError{status: http.StatusNotFound, Code: codeNotFound, Message: "This console has no bill."}
	}
	var month billing.Month
	if text := r.URL.Query().Get("month"); text != "" {
		var err error
		if month, err = billing.ParseMonth(text); err != nil {
			return nil, invalid(codeInvalidArgument, "%v.", err)
		}
	}
	return NewBillPage(c.Bill(month)), nil
}
