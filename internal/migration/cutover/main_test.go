package cutover

import (
	"flag"
	"os"
	"testing"
)

// TestMain runs more tests at the same time than there are processors: they mostly wait for leases.
func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("test.parallel").Value.String() == flag.Lookup("test.parallel").DefValue {
		flag.Set("test.parallel", "6")
	}
	os.Exit(m.Run())
}
