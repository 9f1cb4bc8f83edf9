// Package remote has the backend "remote" as a type only.
package remote

import "github.com/opentofu/opentofu/internal/backend"

// Remote is a backend that nothing creates.
type Remote struct{ backend.Backend }

// WorkspaceNamePattern returns nothing.
func (*Remote) WorkspaceNamePattern() string { return "" }

// IgnoreVersionConflict does nothing.
func (*Remote) IgnoreVersionConflict() {}
