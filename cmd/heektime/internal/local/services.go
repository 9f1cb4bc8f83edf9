package local

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net"
	"strings"
	"time"

	"heek.kr/heektime/internal/auth"
	"heek.kr/heektime/internal/cleanup"
	"heek.kr/heektime/internal/courses"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
	"heek.kr/heektime/internal/functions"
	"heek.kr/heektime/internal/pages"
	"heek.kr/heektime/internal/push"
	"heek.kr/heektime/internal/refresh"
	"heek.kr/heektime/internal/server"
	"heek.kr/heektime/internal/subscriptions"
)

// opens contains the table's services, by name. [Config.Services] adds others.
var opens = map[string]server.Open{
	"auth": auth.Open, "courses": courses.Open, "refresh": refresh.Open, "cleanup": cleanup.Open, "functions": functions.Open,
	"push": push.Open, "subscriptions": subscriptions.Open, pagesService: pages.Open,
}

// startServices listens for all services before it starts any, because their environments contain
// each other's URLs. It skips services that are neither in opens nor in [Config.Services].
func (b *Backend) startServices(ctx context.Context, cfg Config) (err error) {
	all := maps.Clone(opens)
	maps.Copy(all, cfg.Services)
	listeners := map[string]net.Listener{}
	defer func() {
		if err != nil {
			for _, l := range listeners {
				l.Close()
			}
		}
	}()
	b.URLs = map[string]string{}
	var refused []string
	var first error
	for _, s := range b.deployment.Services {
		if all[s.Name] == nil {
			continue
		}
		l, err := net.Listen("tcp", cfg.Firebase.ServiceAddress(s.Name))
		if err != nil {
			refused, first = append(refused, s.Name), cmp.Or(first, err)
			continue
		}
		listeners[s.Name], b.URLs[s.Name] = l, "http://"+l.Addr().String()
	}
	if first != nil { // all ports are named at once
		return fmt.Errorf("port of %s: %w; %s", strings.Join(refused, ", "), first, cfg.Firebase.ServiceRemedy(refused...))
	}
	if b.place, err = b.placeOf(cfg); err != nil {
		return err
	}
	b.countSecrets()
	for name, l := range listeners {
		if err := b.startService(ctx, cfg, name, l, all[name]); err != nil {
			return fmt.Errorf("start %s: %w", name, err)
		}
	}
	return nil
}

func (b *Backend) startService(ctx context.Context, cfg Config, name string, l net.Listener, open server.Open) error {
	env, err := b.environment(cfg, name)
	if err != nil {
		return err
	}
	log := meteredLog(cfg.Log, b.Cloud.Meter, name).With(spec.FieldService, name)
	before := time.Now()
	service, err := b.openAs(ctx, cfg, name, env, open, log)
	if err != nil {
		return err
	}
	service.Handler, service.Log = asWebApp(server.LogRequests(service.Handler, log)), log
	if s, ok := b.deployment.Service(name); ok {
		if cfg.Metered != nil {
			service.Handler = cfg.Metered(b.Cloud.Meter, s, service.Handler)
		} else {
			service.Handler = b.metered(s, time.Since(before), service.Handler)
		}
	}
	service.Front = b.front(name, l.Addr().String())
	b.services.Go(func() {
		if err := server.Serve(ctx, l, service); err != nil {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.errs = append(b.errs, fmt.Errorf("service %s: %w", name, err))
		}
	})
	return nil
}

// placeOf describes this machine as a place of deployment.
func (b *Backend) placeOf(cfg Config) (_ spec.Place, err error) {
	p := spec.Place{
		Project: cfg.Project, URLs: b.URLs,
		Buckets: map[string]string{deployment.ListsBucket: cfg.Bucket},
		Files:   map[string]string{},
		APIKey:  "local",             // the local Authentication accepts any key
		Origins: []string{webOrigin}, // see asWebApp
	}
	if s, ok := b.deployment.Service("refresh"); ok {
		for _, file := range s.Files {
			p.Files[file.Path] = cfg.SchoolsFile
		}
	}
	p.Secrets, err = secrets(b.deployment, cfg.DataDir)
	return p, err
}

// placeFor returns the place as a service sees it: clients may call it directly.
func (b *Backend) placeFor(service string) spec.Place {
	place := b.place
	place.SiteURL = b.URLs[service]
	if service == pagesService {
		place.SiteURL = b.PagesURL()
	}
	return place
}

// pagesService is the service whose pages people visit.
const pagesService = "pages"

// PagesURL returns where people visit the pages: at Hosting, if that runs.
func (b *Backend) PagesURL() string {
	if address := b.Cloud.HostingAddress(); address != "" {
		return "http://" + address
	}
	return b.URLs[pagesService]
}

// environment returns a service's environment: the variables of the table, of the local cloud and of
// cfg, of which later ones win.
func (b *Backend) environment(cfg Config, service string) (map[string]string, error) {
	env, err := b.deployment.Environment(service, b.placeFor(service))
	if err != nil {
		return nil, err
	}
	if service == "courses" {
		env["COURSES_FILES"] = "/" // file: URLs in a school file are the developer's own
	}
	maps.Copy(env, b.Cloud.Environment())
	maps.Copy(env, cfg.Variables)
	return env, nil
}
