package measure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/runmodel"
	"heek.kr/heektime/emulator/billing"
)

// RegistrationOptions describe the minute in which registration begins.
type RegistrationOptions struct {
	// Students open the app within the minute, and Writers of them add a lecture.
	Students, Writers int
	Seed              uint64
	// Minute is how long the minute lasts when it is played against the local cloud. The model of Cloud Run
	// always has 60 seconds.
	Minute time.Duration
	// PlatformStart is what Cloud Run needs to start an instance before its process runs, and BackendCall what a
	// call of a service to Firestore or Authentication takes. Neither can be measured here.
	PlatformStart, BackendCall time.Duration
	Progress                   func(step string)
}

// Registration is the result of a minute.
type Registration struct {
	Options RegistrationOptions
	// OldClients and SignIns are how many of the students use old apps, and sign in.
	OldClients, SignIns int
	// ListBytes is the size of the compressed course list.
	ListBytes int64
	Played    *Played
	// Usage is what Google would bill for the minute as it was played, without Cloud Run.
	Usage billing.Usage
	// Calls are the CPU times of calls to the services.
	Calls []Call
	// Services are what the model says of each service.
	Services []ServiceMinute
}

// ServiceMinute is a service in a scenario of the model.
type ServiceMinute struct {
	Service, Scenario string
	MaxInstances      int
	// Start is the time to start an instance.
	Start time.Duration
	*runmodel.Result
	// Usage is what Google would bill for the service.
	Usage billing.Usage
}

// RunRegistration plays the minute against the local cloud, which runs in a process of its own: this program,
// started with the arguments cloud, which calls [ServeCloud]. Then it measures the services alone and plays the
// minute against a model of Cloud Run. It must run in the root of the repository.
func RunRegistration(ctx context.Context, o RegistrationOptions, cloud []string) (_ *Registration, err error) {
	dir, err := os.MkdirTemp("", "heektime-bench-")
	if err != nil {
		return nil, fmt.Errorf("create a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	o.Progress("build")
	if err := build(ctx, dir, map[string]string{"auth": "./run/auth", compatServer: "./compat-server"}); err != nil {
		return nil, err
	}
	o.Progress("start the local cloud")
	c, err := startCloud(cloud)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	s, err := startMinuteServices(ctx, dir, c)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	return minute(ctx, o, c, s)
}

// minute plays and models the minute with a running cloud and services.
func minute(ctx context.Context, o RegistrationOptions, c *cloudProcess, s *minuteServices) (*Registration, error) {
	visits := plan(o)
	result := &Registration{Options: o}
	for _, v := range visits {
		if v.old {
			result.OldClients++
		}
		if v.signsIn {
			result.SignIns++
		}
	}
	o.Progress(fmt.Sprintf("create %d students", o.Students))
	campus, err := fillCampus(ctx, o, c, s)
	if err != nil {
		return nil, err
	}
	defer campus.close()
	result.ListBytes = int64(campus.listBytes)
	before, err := c.usage()
	if err != nil {
		return nil, err
	}
	o.Progress(fmt.Sprintf("play %v", o.Minute))
	if result.Played, err = campus.play(ctx, visits); err != nil {
		return nil, err
	}
	after, err := c.usage()
	if err != nil {
		return nil, err
	}
	result.Usage = billing.Between(before, after)
	o.Progress("measure the services alone")
	if result.Calls, err = campus.measureCalls(ctx); err != nil {
		return nil, err
	}
	result.Services, err = modelServices(o, visits, result.Calls, map[string]time.Duration{"auth": s.authStart, compatServer: s.compatStart})
	return result, err
}

// Print writes the result as tables.
func (r *Registration) Print(w io.Writer, prices *billing.Prices) { printRegistration(w, r, prices) }

// compatServer is the name of the service of old clients.
const compatServer = "compat-server"

// binaryOf returns the path of a built service.
func binaryOf(dir, name string) string { return filepath.Join(dir, name) }
