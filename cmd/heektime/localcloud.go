package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
)

// localCloud is what the hub of a running local cloud reports.
type localCloud struct {
	project   string
	addresses map[string]string // of the emulators, by the names in firebase.json
}

// findCloud asks the hub at an address, host:port, which cloud runs there.
func findCloud(ctx context.Context, client *http.Client, hub string) (*localCloud, error) {
	var about struct {
		Project string `json:"project"`
	}
	var emulators map[string]struct {
		Host string `json:"host"`
		Port int    `json:"port"`
	}
	if err := getJSON(ctx, client, "http://"+hub+"/", &about); err != nil {
		return nil, err
	}
	if about.Project == "" {
		return nil, fmt.Errorf("the program at %s does not report a project, so it is not our hub", hub)
	}
	if err := getJSON(ctx, client, "http://"+hub+"/emulators", &emulators); err != nil {
		return nil, err
	}
	cloud := &localCloud{project: about.Project, addresses: map[string]string{}}
	for name, e := range emulators {
		cloud.addresses[name] = net.JoinHostPort(e.Host, strconv.Itoa(e.Port))
	}
	return cloud, nil
}

// getJSON decodes the response to a GET request into value.
func getJSON(ctx context.Context, client *http.Client, url string, value any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("read %s: %w", url, err)
	}
	response, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("read the hub: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("read %s: %s", url, response.Status)
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(value); err != nil {
		return fmt.Errorf("decode %s: %w", url, err)
	}
	return nil
}
