package encryption

import "github.com/opentofu/opentofu/internal/encryption/registry/lockingencryptionregistry"

// DefaultRegistry has no methods and key providers: the tests encrypt no state.
var DefaultRegistry = lockingencryptionregistry.New()
