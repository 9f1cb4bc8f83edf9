package tofu

import (
	"context"

	"github.com/opentofu/opentofu/internal/configs"
	"github.com/opentofu/opentofu/internal/plans"
	"github.com/opentofu/opentofu/internal/states"
	"github.com/opentofu/opentofu/internal/tfdiags"
)

const noRuntime = "this build of OpenTofu has no experimental runtime"

// SetExperimentalRuntimeAllowed does nothing.
func SetExperimentalRuntimeAllowed(bool) {}

func experimentalRuntimeEnabled() bool { return false }

func (*Context) newEngineValidate(context.Context, *configs.Config, InputValues) tfdiags.Diagnostics {
	panic(noRuntime)
}

func (*Context) newEnginePlan(context.Context, *configs.Config, *states.State, *PlanOpts) (*plans.Plan, tfdiags.Diagnostics) {
	panic(noRuntime)
}

func (*Context) newEngineApply(context.Context, *configs.Config, *plans.Plan, InputValues) (*states.State, tfdiags.Diagnostics) {
	panic(noRuntime)
}
