// Package file has no provisioner: deploy/ uses none.
package file

import "github.com/opentofu/opentofu/internal/provisioners"

// New is called only if a configuration uses the provisioner.
func New() provisioners.Interface { panic("this build of OpenTofu has no file provisioner") }
