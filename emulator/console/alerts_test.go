package console_test

import (
	"testing"
	"time"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/console"
)

func TestAlerts(t *testing.T) {
	since := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	_, api := open(t, func(c *emulator.Config) {
		c.Alerts = func() []console.Alert {
			return []console.Alert{{ID: "slow", Title: "It is slow"}, {ID: "down", Title: "It is down", Since: &since, Met: []string{"5 errors"}}}
		}
	})
	var overview struct{ Alerts *int }
	api.must("GET", "overview", nil, nil, &overview)
	if overview.Alerts == nil || *overview.Alerts != 1 {
		t.Errorf("the overview counts %v alerts, want 1", overview.Alerts)
	}
	var list struct{ Alerts []console.Alert }
	api.must("GET", "alerts", nil, nil, &list)
	if len(list.Alerts) != 2 || list.Alerts[0].Firing() || !list.Alerts[1].Firing() || list.Alerts[1].Met[0] != "5 errors" {
		t.Errorf("alerts %+v", list.Alerts)
	}
}

// A program without alerts gets a page without that section.
func TestNoAlerts(t *testing.T) {
	_, api := open(t)
	var overview struct{ Alerts *int }
	api.must("GET", "overview", nil, nil, &overview)
	var list struct{ Alerts []console.Alert }
	api.must("GET", "alerts", nil, nil, &list)
	if overview.Alerts != nil || list.Alerts == nil || len(list.Alerts) > 0 {
		t.Errorf("%v in the overview, %v in the list", overview.Alerts, list.Alerts)
	}
}
