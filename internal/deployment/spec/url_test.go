package spec_test

import (
	"testing"

	"heek.kr/heektime/internal/deployment"
)

func TestRunURL(t *testing.T) {
	d := deployment.Table()
	if got, want := d.RunURL("compat-server", "123456789012"), "https://compat-server-123456789012.asia-northeast3.run.app"; got != want {
		t.Errorf("RunURL() = %s, want %s", got, want)
	}
}
