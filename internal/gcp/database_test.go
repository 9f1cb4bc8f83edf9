package gcp_test

import (
	"strings"
	"testing"

	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/gcp"
)

func TestDatabase(t *testing.T) {
	for id, valid := range map[string]bool{
		"(default)": true, "restored-2026-11-28": true, "a123": true, strings.Repeat("a", 63): true,
		"abc": false, "Restored": false, "restored-": false, "1restored": false, "a/../b": false, "default": true, "(Default)": false,
		strings.Repeat("a", 64): false, "projects/p/databases/d": false,
	} {
		env := environment.Map(map[string]string{"FIRESTORE_DATABASE": id})
		if got := gcp.Database(env); valid != (env.Err() == nil) || valid && got != id {
			t.Errorf("Database with %q = %q, %v", id, got, env.Err())
		}
		if valid != (gcp.CheckDatabase(id) == nil) {
			t.Errorf("CheckDatabase(%q) = %v", id, gcp.CheckDatabase(id))
		}
	}
	env := environment.Map(nil)
	if got := gcp.Database(env); got != gcp.DefaultDatabase || env.Err() != nil {
		t.Errorf("Database without the variable = %q, %v", got, env.Err())
	}
}
