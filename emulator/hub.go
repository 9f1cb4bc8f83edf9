package emulator

import (
	"context"
	"heek.kr/heektime/emulator/hub"
	"heek.kr/heektime/emulator/internal/cors"
	"heek.kr/heektime/emulator/internal/port"
)

// openHub opens the hub and tells it of all that was opened before.
func (c *Cloud) openHub(cfg Config) (err error) {
	c.Hub = hub.New()
	c.Hub.OnTriggers(func(ctx context.Context, enabled bool) error {
		if enabled {
			return c.Triggers.Enable(ctx)
		}
		return c.Triggers.Disable(ctx)
	})
	if c.hubPort, err = port.Open("hub", orFree(cfg.Addresses.Hub), nil, cors.Handler(c.Hub, cfg.AllowedOrigins)); err != nil {
		return err
	}
	for name, p := range map[string]*port.Port{
		"firestore": c.firestorePort, "auth": c.authPort, "storage": c.storagePort, "tasks": c.tasksPort, "ui": c.consolePort,
		"hub": c.hubPort,
	} {
		if err := c.Hub.Add(name, p.Address()); err != nil {
			return err
		}
	}
	return nil
}
