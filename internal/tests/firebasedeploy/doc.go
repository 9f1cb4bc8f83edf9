// Package firebasedeploy tests that firebase deploy works from a fresh clone. npm installs the real
// Firebase CLI, which deploys the repository's own firebase.json, rules, indexes and web/dist to a
// fake of Google's APIs inside the test. The tests compare what arrives with the files.
//
// The fake runs none of Google's own checks, such as compiling the rules, and nothing was ever
// deployed to Google this way.
//
// The tests need npm and Node 20 or later. Without them they are skipped, or fail if REQUIRE_SDKS
// is set.
package firebasedeploy
