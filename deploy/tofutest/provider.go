package main

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// provider implements the plugin protocol. The embedded interface is nil: OpenTofu calls none of its
// other methods for this schema, which has no functions, ephemeral resources or moved resource types.
type provider struct {
	tfprotov6.ProviderServer
	config                 *tfprotov6.Schema
	resources, dataSources map[string]*tfprotov6.Schema
}

func (p *provider) GetMetadata(context.Context, *tfprotov6.GetMetadataRequest) (*tfprotov6.GetMetadataResponse, error) {
	return &tfprotov6.GetMetadataResponse{}, nil
}

func (p *provider) GetProviderSchema(context.Context, *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	return &tfprotov6.GetProviderSchemaResponse{Provider: p.config, ResourceSchemas: p.resources, DataSourceSchemas: p.dataSources}, nil
}

func (p *provider) GetResourceIdentitySchemas(context.Context, *tfprotov6.GetResourceIdentitySchemasRequest) (*tfprotov6.GetResourceIdentitySchemasResponse, error) {
	return &tfprotov6.GetResourceIdentitySchemasResponse{}, nil
}

func (p *provider) GetFunctions(context.Context, *tfprotov6.GetFunctionsRequest) (*tfprotov6.GetFunctionsResponse, error) {
	return &tfprotov6.GetFunctionsResponse{}, nil
}

func (p *provider) ValidateProviderConfig(_ context.Context, r *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	return &tfprotov6.ValidateProviderConfigResponse{PreparedConfig: r.Config}, nil
}

func (p *provider) ValidateResourceConfig(context.Context, *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return &tfprotov6.ValidateResourceConfigResponse{}, nil
}

func (p *provider) ValidateDataResourceConfig(context.Context, *tfprotov6.ValidateDataResourceConfigRequest) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	return &tfprotov6.ValidateDataResourceConfigResponse{}, nil
}

func (p *provider) ConfigureProvider(context.Context, *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	return &tfprotov6.ConfigureProviderResponse{}, nil
}

func (p *provider) StopProvider(context.Context, *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	return &tfprotov6.StopProviderResponse{}, nil
}

func (p *provider) UpgradeResourceState(_ context.Context, r *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	v, err := r.RawState.Unmarshal(p.resources[r.TypeName].ValueType())
	if err != nil {
		return nil, fmt.Errorf("%s: parse the state: %w", r.TypeName, err)
	}
	state, err := tfprotov6.NewDynamicValue(v.Type(), v)
	return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: &state}, err
}

// ReadResource finds every resource as the state has it.
func (p *provider) ReadResource(_ context.Context, r *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return &tfprotov6.ReadResourceResponse{NewState: r.CurrentState}, nil
}

// ImportResourceState finds every resource, with nothing but its id.
func (p *provider) ImportResourceState(_ context.Context, r *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	s := p.resources[r.TypeName]
	v, err := edit(empty(s), func(attributes map[string]tftypes.Value) {
		attributes["id"] = tftypes.NewValue(tftypes.String, r.ID)
	})
	if err != nil {
		return nil, err
	}
	state, err := tfprotov6.NewDynamicValue(s.ValueType(), v)
	return &tfprotov6.ImportResourceStateResponse{
		ImportedResources: []*tfprotov6.ImportedResource{{TypeName: r.TypeName, State: &state}},
	}, err
}

// PlanResourceChange leaves the attributes that Google computes unknown until the resource exists.
func (p *provider) PlanResourceChange(_ context.Context, r *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	s := p.resources[r.TypeName]
	proposed, err := r.ProposedNewState.Unmarshal(s.ValueType())
	if err != nil {
		return nil, fmt.Errorf("%s: parse the proposed state: %w", r.TypeName, err)
	}
	if proposed.IsNull() { // to be destroyed
		return &tfprotov6.PlanResourceChangeResponse{PlannedState: r.ProposedNewState}, nil
	}
	prior, err := r.PriorState.Unmarshal(s.ValueType())
	if err != nil {
		return nil, fmt.Errorf("%s: parse the state: %w", r.TypeName, err)
	}
	planned, err := plan(s.Block, proposed, prior.IsNull())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.TypeName, err)
	}
	state, err := tfprotov6.NewDynamicValue(s.ValueType(), planned)
	return &tfprotov6.PlanResourceChangeResponse{PlannedState: &state}, err
}

// ApplyResourceChange computes what is unknown.
func (p *provider) ApplyResourceChange(_ context.Context, r *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	s := p.resources[r.TypeName]
	planned, err := r.PlannedState.Unmarshal(s.ValueType())
	if err != nil {
		return nil, fmt.Errorf("%s: parse the planned state: %w", r.TypeName, err)
	}
	applied, err := compute(r.TypeName, planned)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.TypeName, err)
	}
	state, err := tfprotov6.NewDynamicValue(s.ValueType(), applied)
	return &tfprotov6.ApplyResourceChangeResponse{NewState: &state}, err
}

// ReadDataSource finds a project with a number and a billing account.
func (p *provider) ReadDataSource(_ context.Context, r *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	s := p.dataSources[r.TypeName]
	config, err := r.Config.Unmarshal(s.ValueType())
	if err != nil {
		return nil, fmt.Errorf("%s: parse the configuration: %w", r.TypeName, err)
	}
	v, err := edit(config, func(attributes map[string]tftypes.Value) {
		attributes["id"] = tftypes.NewValue(tftypes.String, r.TypeName)
		for name, value := range projectAttributes {
			if _, ok := attributes[name]; ok && r.TypeName == "google_project" {
				attributes[name] = tftypes.NewValue(tftypes.String, value)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	state, err := tfprotov6.NewDynamicValue(s.ValueType(), v)
	return &tfprotov6.ReadDataSourceResponse{State: &state}, err
}

// projectAttributes are those of the data source google_project.
var projectAttributes = map[string]string{"number": "123456789012", "billing_account": "012345-6789AB-CDEF01"}
