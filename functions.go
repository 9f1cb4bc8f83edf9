// Package heektime is what Cloud Functions builds: the package beside go.mod, wherever the functions stand. Theirs is package
// functions; this one has no code.
//
// Source: https://github.com/GoogleCloudPlatform/buildpacks/tree/main/cmd/go/functions_framework
package heektime

import (
	// Seen here, it tells the buildpack that functions register themselves.
	_ "github.com/GoogleCloudPlatform/functions-framework-go/functions"

	_ "heek.kr/heektime/functions"
)
