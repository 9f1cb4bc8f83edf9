// Package file has no provisioner: deploy/ uses none.
package file

import "github.com/opentofu/opentofu/internal/provisioners"

// none has no methods but those of a nil interface: OpenTofu creates every provisioner, and calls one only
// if a configuration uses it.
type none struct{ provisioners.Interface }

// New returns a provisioner that cannot be used.
func New() provisioners.Interface { return none{} }
