//go:build !unix

package sdktest

// lock does nothing where there are no advisory locks: processes that install at once do it side by side, and the first to
// finish wins.
func lock(string) (unlock func(), err error) { return func() {}, nil }
