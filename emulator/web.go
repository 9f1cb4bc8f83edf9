package emulator

import (
	"context"
	"fmt"

	"heek.kr/heektime/emulator/hosting"
	"heek.kr/heektime/emulator/hub"
	"heek.kr/heektime/emulator/internal/cors"
	"heek.kr/heektime/emulator/internal/muxserver"
)

// openHub opens the hub and tells it of all that was opened before.
func (c *Cloud) openHub(cfg Config) (err error) {
	c.Hub = hub.New()
	if c.hubPort, err = muxserver.Open("hub", orFree(cfg.Addresses.Hub), nil, cors.Handler(c.Hub, cfg.AllowedOrigins)); err != nil {
		return err
	}
	c.Hub.OnTriggers(func(ctx context.Context, enabled bool) error {
		if enabled {
			return c.Triggers.Enable(ctx)
		}
		return c.Triggers.Disable(ctx)
	})
	for name, p := range map[string]*muxserver.Server{
		"firestore": c.firestorePort, "auth": c.authPort, "storage": c.storagePort, "tasks": c.tasksPort, "ui": c.consolePort,
		"hub": c.hubPort,
	} {
		if err := c.Hub.Add(name, p.Address()); err != nil {
			return err
		}
	}
	return nil
}

// openHosting serves the web app, if there is one. The folder may come later, and so may its services.
func (c *Cloud) openHosting(cfg Config) (err error) {
	if cfg.Hosting == nil {
		return nil
	}
	c.Hosting, err = hosting.New(hosting.Config{
		Site: cfg.Hosting, Project: cfg.Project, Bucket: cfg.Buckets[0], Emulators: c.Hub.Emulators, Logger: cfg.Log,
	})
	if err != nil {
		return fmt.Errorf("start Hosting: %w", err)
	}
	if c.hostingPort, err = muxserver.Open("hosting", orFree(cfg.Addresses.Hosting), nil, c.Hosting); err != nil {
		return err
	}
	return c.Hub.Add("hosting", c.hostingPort.Address())
}
