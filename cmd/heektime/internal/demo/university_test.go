package demo_test

import (
	"bytes"
	"encoding/json"
	"testing"
)

func TestSameSeedSameBytes(t *testing.T) {
	one, twin, other := start(t, 7, 1000), start(t, 7, 1000), start(t, 8, 1000)
	for _, s := range []*campus{one, twin, other} {
		s.openSearch(t)
	}
	for _, term := range []string{"1R", "1S", "2R", "2W"} {
		a, b, c := one.body(t, "2026", term), twin.body(t, "2026", term), other.body(t, "2026", term)
		if !bytes.Equal(a, b) {
			t.Errorf("%s: lists differ despite the same seed", term)
		}
		if bytes.Equal(a, c) {
			t.Errorf("%s: lists are equal despite different seeds", term)
		}
	}
	if bytes.Equal(one.body(t, "2026", "2R"), one.body(t, "2026", "2R")) {
		t.Error("the counts of registered students are the same in two responses")
	}
	checkEqualLists(t, one.list(t, "2026", "2R"), twin.list(t, "2026", "2R"))
}

// TestSize checks that a list is as large as a real school's.
func TestSize(t *testing.T) {
	s := start(t, 1, 5000)
	s.openSearch(t)
	body := s.body(t, "2026", "2R")
	if len(body) < 2e6 || len(body) > 4e6 {
		t.Errorf("got %d bytes, want 2 to 4 MB", len(body))
	}
	var a struct {
		Rows []struct {
			Code  string `json:"COUR_CD"`
			Class string `json:"COUR_CLS"`
		}
	}
	if err := json.Unmarshal(body, &a); err != nil {
		t.Fatal(err)
	}
	unique := map[string]bool{}
	for _, r := range a.Rows {
		unique[r.Code+"-"+r.Class] = true
	}
	if len(a.Rows) != 5000 || len(unique) != 5000 {
		t.Errorf("got %d rows and %d identifiers, want 5,000 of each", len(a.Rows), len(unique))
	}
}

func TestTermsDiffer(t *testing.T) {
	s := start(t, 1, 1000)
	s.openSearch(t)
	lists := map[string]map[string]string{}
	for term, want := range map[string]int{"1R": 1000, "1S": 50, "2R": 1000, "2W": 50} {
		lists[term] = s.list(t, "2026", term)
		if got := len(lists[term]); got != want {
			t.Errorf("%s has %d lectures, want %d", term, got, want)
		}
	}
	shared := 0
	for id := range lists["1R"] {
		if _, ok := lists["2R"][id]; ok {
			shared++
		}
	}
	if shared == 0 || shared == 1000 {
		t.Errorf("%d of 1000 identifiers are in both semesters, want some but not all", shared)
	}
}
