// Package init has the one backend that the tests use: the state is a local file.
package init

import (
	"github.com/opentofu/svchost/disco"

	"github.com/opentofu/opentofu/internal/backend"
	"github.com/opentofu/opentofu/internal/backend/local"
	"github.com/opentofu/opentofu/internal/encryption"
)

// RemovedBackends is empty.
var RemovedBackends map[string]string

var backends = map[string]backend.InitFn{
	"local": func(enc encryption.StateEncryption) backend.Backend { return local.New(enc) },
}

// Init does nothing: the backends need no services.
func Init(*disco.Disco) {}

// Backend returns the backend with that name, or nil, and its name.
func Backend(name string) (backend.InitFn, string) { return backends[name], name }

// Set replaces a backend.
func Set(name string, f backend.InitFn) { backends[name] = f }
