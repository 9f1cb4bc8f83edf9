// Package opentofu tests deploy/: its files are formatted and valid, they plan what the table of
// internal/deployment says, every value follows Google's rules, a second apply changes nothing, and
// destroy leaves the data.
//
// OpenTofu itself runs, with a provider that serves the real one's schema and calls nothing
// (deploy/tofutest). The schema is not part of the repository; without it the tests are skipped. They are
// skipped, too, if OpenTofu is not built: deploy/tofutest/build does it. With REQUIRE_TOFU they fail instead.
package opentofu
