// Package remoteexec has no provisioner: deploy/ uses none.
package remoteexec

import "github.com/opentofu/opentofu/internal/provisioners"

// New is called only if a configuration uses the provisioner.
func New() provisioners.Interface { panic("this build of OpenTofu has no remote-exec provisioner") }
