package comparison_test

import (
	"os"
	"testing"

	"heek.kr/heektime/internal/paralleltest"
)

func TestMain(m *testing.M) {
	paralleltest.More()
	os.Exit(m.Run())
}
