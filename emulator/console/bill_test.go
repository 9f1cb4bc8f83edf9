package console_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/emulatortest"
)

// The bill of a month has its lines, its days, and what costs most.
func TestBill(t *testing.T) {
	cloud, api := open(t)
	advanceToNextMonth(t, cloud)
	for i := range 20 {
		cause := billing.Cause{User: string(rune('a' + i)), Service: "client", Action: "open the app"}
		cloud.Meter.Add(billing.FirestoreReads, cause, int64(i+1))
	}
	type share struct {
		Name    string
		List    struct{ USD, Won string }
		Amounts map[billing.Item]int64
	}
	var bill struct {
		Today, Month string
		Months       []string
		Lines        []struct {
			Item, Amount, Free, Billed string
			Cost                       struct{ Won string }
		}
		Days           []struct{ Date string }
		Actions, Users []share
	}
	api.must("GET", "bill", nil, nil, &bill)
	if want := string(billing.DateOf(cloud.Clock.Now())); bill.Today != want || bill.Month != want[:7] || bill.Months[0] != want[:7] || len(bill.Days) < 28 {
		t.Errorf("today %s, month %s of %v, %d days; it is %s", bill.Today, bill.Month, bill.Months, len(bill.Days), want)
	}
	if line := bill.Lines[0]; line.Item != "firestore.reads" || line.Amount != "210" || line.Free != "210" || line.Billed != "0" || line.Cost.Won != "0" {
		t.Errorf("first line %+v", line)
	}
	if len(bill.Users) != 12 || bill.Users[0].Name != "t" || bill.Users[0].Amounts[billing.FirestoreReads] != 20 || bill.Users[0].List.USD != "0.0000076" {
		t.Errorf("%d users, the dearest is %+v", len(bill.Users), bill.Users[0])
	}
	if len(bill.Actions) != 1 || bill.Actions[0].Name != "open the app" {
		t.Errorf("actions %+v", bill.Actions)
	}
	api.must("GET", "bill", map[string]string{"month": "2020-02"}, nil, &bill)
	if bill.Month != "2020-02" || bill.Lines[0].Amount != "0" || len(bill.Days) != 29 {
		t.Errorf("month %s: %d days, %+v", bill.Month, len(bill.Days), bill.Lines[0])
	}
	for _, bad := range []string{"2020", "2020-13", "last"} {
		if code, _ := api.do("GET", "bill", map[string]string{"month": bad}, nil, nil); code != 400 {
			t.Errorf("month %s: status %d", bad, code)
		}
	}
}

// The page has a name for every item.
func TestBillItems(t *testing.T) {
	page, err := os.ReadFile("page/bill.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range billing.Items() {
		if !strings.Contains(string(page), "'"+string(item)+"': 'item") {
			t.Errorf("page/bill.js has no name for %s", item)
		}
	}
}

// The next month begins with an empty bill, and the last one stays.
func TestBillOfTheNextMonth(t *testing.T) {
	cloud, api := open(t)
	advanceToNextMonth(t, cloud)
	cloud.Meter.Add(billing.TasksOperations, billing.Cause{Service: "refresh"}, 7)
	first := billing.MonthOf(cloud.Clock.Now())
	advanceToNextMonth(t, cloud)
	cloud.Meter.Add(billing.TasksOperations, billing.Cause{Service: "refresh"}, 3)
	for month, want := range map[string]string{"": "3", string(first): "7"} {
		var bill struct {
			Months []string
			Lines  []struct{ Item, Amount string }
		}
		api.must("GET", "bill", map[string]string{"month": month}, nil, &bill)
		for _, line := range bill.Lines {
			if line.Item == "tasks.operations" && line.Amount != want {
				t.Errorf("%q has %s operations, want %s", month, line.Amount, want)
			}
		}
		if len(bill.Months) != 2 || bill.Months[1] != string(first) {
			t.Errorf("months %v, want the later first", bill.Months)
		}
	}
}

// advanceToNextMonth advances the clock to the noon of the first day of the next month: hours away from any
// midnight.
func advanceToNextMonth(t *testing.T, cloud *emulatortest.Cloud) {
	t.Helper()
	now := cloud.Clock.Now()
	_, end := billing.MonthOf(now).Bounds()
	cloud.Advance(t, end.Sub(now)+12*time.Hour)
}
