// Command terraform-provider-google stands in for Google's provider in tests: it serves the real
// provider's schema and calls nothing. With it OpenTofu validates, plans and applies deploy/ in about a
// second, without an account.
//
// It finds unknown resources, attributes and blocks, and wrong types. It accepts every value of the
// right type; internal/tests/opentofu tests the values.
//
// HEEKTIME_GOOGLE_SCHEMA is the path of the schema: the output of "tofu providers schema -json" for the
// google provider.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
)

// schemaVariable names the environment variable with the path of the schema.
const schemaVariable = "HEEKTIME_GOOGLE_SCHEMA"

func main() {
	p, err := load(os.Getenv(schemaVariable))
	if err != nil {
		log.Fatalf("%s: %v", schemaVariable, err)
	}
	err = tf6server.Serve("registry.opentofu.org/hashicorp/google", func() tfprotov6.ProviderServer { return p })
	if err != nil {
		log.Fatal(err)
	}
}

// load reads the schema.
func load(path string) (*provider, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the schema: %w", err)
	}
	var file struct {
		Provider    schema            `json:"provider"`
		Resources   map[string]schema `json:"resource_schemas"`
		DataSources map[string]schema `json:"data_source_schemas"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("parse the schema: %w", err)
	}
	p := &provider{resources: map[string]*tfprotov6.Schema{}, dataSources: map[string]*tfprotov6.Schema{}}
	if p.config, err = file.Provider.convert(); err != nil {
		return nil, fmt.Errorf("provider: %w", err)
	}
	for name, s := range file.Resources {
		if p.resources[name], err = s.convert(); err != nil {
			return nil, fmt.Errorf("resource %s: %w", name, err)
		}
	}
	for name, s := range file.DataSources {
		if p.dataSources[name], err = s.convert(); err != nil {
			return nil, fmt.Errorf("data source %s: %w", name, err)
		}
	}
	return p, nil
}
