// Package paralleltest is for packages whose tests mostly wait: for leases, for timers, for other processes.
package paralleltest

import "flag"

// more is how many tests of a package run at the same time. go test runs as many as there are processors.
const more = "6"

// More lets more tests that call t.Parallel run at the same time than there are processors, unless -parallel
// says how many. TestMain calls it before it runs the tests.
func More() {
	flag.Parse()
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		flag.Set(parallel.Name, more)
	}
}
