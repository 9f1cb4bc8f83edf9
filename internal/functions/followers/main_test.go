package followers_test

import (
	"os"
	"testing"

	"heek.kr/heektime/internal/paralleltest"
)

func TestMain(m *testing.M) {
	paralleltest.More() // histories wait for locks of killed processes
	os.Exit(m.Run())
}
