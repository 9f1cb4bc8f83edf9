// Package cloud has the backend "cloud" as a type only. No configuration uses it.
package cloud

import (
	"context"
	"errors"

	"github.com/opentofu/opentofu/internal/backend"
	"github.com/opentofu/opentofu/internal/cloud/cloudplan"
	"github.com/opentofu/opentofu/internal/command/clistate"
	"github.com/opentofu/opentofu/internal/configs"
)

// Cloud is a backend that nothing creates.
type Cloud struct {
	backend.Enhanced
	WorkspaceMapping WorkspaceMapping
}

// AssertImportCompatible accepts everything.
func (*Cloud) AssertImportCompatible(*configs.Config) error { return nil }

// ShowPlanForRun always fails.
func (*Cloud) ShowPlanForRun(context.Context, string, string, bool) (*cloudplan.RemotePlanJSON, error) {
	return nil, errors.New("this build of OpenTofu has no cloud")
}

// WorkspaceMapping is how workspaces would be named.
type WorkspaceMapping struct {
	Name string
	Tags []string
}

// Strategy is the only one.
func (WorkspaceMapping) Strategy() string { return "" }

// The strategies.
const (
	WorkspaceNameStrategy = "name"
	WorkspaceTagsStrategy = "tags"
)

// ConfigChangeMode is how a configuration changes whether it uses the cloud.
type ConfigChangeMode int

// The modes. Only the last occurs.
const (
	ConfigMigrationIn ConfigChangeMode = iota
	ConfigMigrationOut
	ConfigChangeInPlace
	ConfigChangeIrrelevant
)

// InvolvesCloud is always false.
func (ConfigChangeMode) InvolvesCloud() bool { return false }

// IsCloudMigration is always false.
func (ConfigChangeMode) IsCloudMigration() bool { return false }

// DetectConfigChangeType returns that neither side uses the cloud.
func DetectConfigChangeType(*clistate.BackendState, *configs.Backend, bool) ConfigChangeMode {
	return ConfigChangeIrrelevant
}
