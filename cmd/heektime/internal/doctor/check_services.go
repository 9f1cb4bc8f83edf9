package doctor

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/api/run/v2"

	"heek.kr/heektime/internal/deployment/spec"
)

// containers returns the containers of a service's template.
func containers(s *run.GoogleCloudRunV2Service) []*run.GoogleCloudRunV2Container {
	if s.Template == nil {
		return nil
	}
	return s.Template.Containers
}

// eachService calls check for every service of the table that exists; another check reports the others.
func (e *examination) eachService(check func(want *spec.Service, got *run.GoogleCloudRunV2Service, c *run.GoogleCloudRunV2Container)) {
	for i := range e.Table.Services {
		want := &e.Table.Services[i]
		if got := e.Services[want.Name]; got != nil && len(containers(got)) > 0 {
			check(want, got, containers(got)[0])
		}
	}
}

func checkServicesDeployed(e *examination) {
	for _, s := range e.Table.Services {
		got := e.Services[s.Name]
		switch {
		case got == nil:
			e.errorf("service "+s.Name, "does not exist").because(s.Purpose+": nobody does it", "%s", e.apply())
		case got.TerminalCondition == nil || got.TerminalCondition.State != "CONDITION_SUCCEEDED":
			state, message := "unknown", ""
			if c := got.TerminalCondition; c != nil {
				state, message = c.State, c.Message
			}
			e.errorf("service "+s.Name, "is not ready: %s", strings.TrimSpace(state+" "+firstLine(message))).because(
				"its newest revision does not start, so it serves an older one or none",
				"gcloud logging read 'resource.labels.service_name=%s severity>=ERROR' --limit=20 --project=%s", s.Name, e.Options.Project)
		case len(containers(got)) != 1:
			e.errorf("service "+s.Name, "has %d containers, not one", len(containers(got))).because("nothing checks the others", "%s", e.apply())
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Services)) {
		if _, known := e.Table.Service(name); !known {
			e.warnf("service "+name, "is not in the table").because("nothing updates it or checks who may call it",
				"gcloud run services delete %s --region=%s --project=%s", name, e.Table.Region, e.Options.Project)
		}
	}
}

func checkServiceImages(e *examination) {
	e.eachService(func(want *spec.Service, _ *run.GoogleCloudRunV2Service, c *run.GoogleCloudRunV2Container) {
		release := "heektime release --google --project " + e.Options.Project + " " + want.Name
		switch {
		case !strings.HasPrefix(c.Image, e.imageRepository()+"/"+want.Name+"@") && !strings.HasPrefix(c.Image, e.imageRepository()+"/"+want.Name+":"):
			e.errorf("service "+want.Name, "runs the image %s, not one of %s/%s", c.Image, e.imageRepository(), want.Name).because(
				"before the first release it is Google's example, which serves nothing of ours", "%s", release)
		case !strings.Contains(c.Image, "@sha256:"):
			e.warnf("service "+want.Name, "runs an image by its tag, %s", path.Base(c.Image)).because(
				"a tag can move, so a new instance may run other code", "%s", release)
		}
	})
}

func checkServiceTraffic(e *examination) {
	e.eachService(func(want *spec.Service, got *run.GoogleCloudRunV2Service, _ *run.GoogleCloudRunV2Container) {
		var serving []string
		for _, t := range got.TrafficStatuses {
			if t.Percent > 0 {
				revision := path.Base(t.Revision)
				if t.Type == "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST" {
					revision = path.Base(got.LatestReadyRevision)
				}
				serving = append(serving, revision)
			}
		}
		newest := path.Base(got.LatestCreatedRevision)
		switch {
		case len(serving) != 1:
			e.errorf("service "+want.Name, "%d revisions share the traffic", len(serving)).because(
				"two versions write the same data", "heektime release --google --project %s %s", e.Options.Project, want.Name)
		case serving[0] != newest:
			e.warnf("service "+want.Name, "serves %s, not its newest revision %s", serving[0], newest).because(
				"a release failed its check or was rolled back, and the settings of tofu apply have no effect",
				"heektime release --google --project %s %s", e.Options.Project, want.Name)
		}
	})
}

// place is Google's cloud as a place of deployment. A secret's value stands for the secret: the values
// themselves are not read.
func (e *examination) place() spec.Place {
	p := spec.Place{
		Project: e.Options.Project, URLs: map[string]string{}, Buckets: e.Options.Buckets, Secrets: map[string]string{},
		APIKey: e.ServicesKey, SiteURL: e.SiteURL, Origins: e.origins(),
	}
	if e.Options.Database != spec.DefaultDatabase { // deploy/services.tf leaves the variable unset
		p.Database = e.Options.Database
	}
	for _, s := range e.Table.Services {
		p.URLs[s.Name] = serviceURL(e.Options, e.State, s.Name)
	}
	for id := range e.Secrets {
		if newestEnabled(e.Secrets[id]) != nil {
			p.Secrets[id] = secretReference(id)
		}
	}
	return p
}

// secretReference stands for the newest version of a secret.
func secretReference(id string) string { return "secret " + id + ", version latest" }

// origins are the origins of the web apps, as in deploy/project.tf.
func (o *Options) origins() []string {
	all := []string{o.SiteURL}
	for _, origin := range append([]string{"https://" + o.Project + ".web.app", "https://" + o.Project + ".firebaseapp.com"}, o.Origins...) {
		if !slices.Contains(all, origin) {
			all = append(all, origin)
		}
	}
	return all
}

func checkServiceEnvironment(e *examination) {
	place := e.place()
	e.eachService(func(want *spec.Service, _ *run.GoogleCloudRunV2Service, c *run.GoogleCloudRunV2Container) {
		subject := "service " + want.Name
		expected, err := e.Table.Environment(want.Name, place)
		if err != nil {
			e.errorf(subject, "%s", strings.ReplaceAll(err.Error(), "\n", "; ")).because("the service does not start without it", "%s", e.apply())
		}
		actual := environmentOf(c)
		for _, name := range slices.Sorted(maps.Keys(expected)) {
			got, set := actual[name]
			switch {
			case !set:
				e.errorf(subject, "%s is not set; the table says %q", name, expected[name]).because(purposeOf(want, name), "%s", e.apply())
			case !sameValue(name, got, expected[name]):
				e.errorf(subject, "%s is %q; the table says %q", name, got, expected[name]).because(purposeOf(want, name), "%s", e.apply())
			}
		}
		for _, name := range slices.Sorted(maps.Keys(actual)) {
			if _, known := expected[name]; !known {
				e.errorf(subject, "%s is set, and the table leaves it unset", name).because(
					"it changes the service's behavior, and the table does not say why", "%s", e.apply())
			}
		}
	})
}

// environmentOf returns the variables of a container, with a reference in place of a secret's value.
func environmentOf(c *run.GoogleCloudRunV2Container) map[string]string {
	env := map[string]string{}
	for _, v := range c.Env {
		env[v.Name] = v.Value
		if v.ValueSource != nil && v.ValueSource.SecretKeyRef != nil {
			ref := v.ValueSource.SecretKeyRef
			env[v.Name] = "secret " + path.Base(ref.Secret) + ", version " + ref.Version
		}
	}
	return env
}

// sameValue compares values. Origins are a set.
func sameValue(name, a, b string) bool {
	if name != "ALLOWED_ORIGINS" {
		return a == b
	}
	return slices.Equal(sorted(strings.Split(a, ",")), sorted(strings.Split(b, ",")))
}

func sorted(all []string) []string { return slices.Sorted(slices.Values(all)) }

func purposeOf(s *spec.Service, name string) string {
	for _, v := range s.Environment {
		if v.Name == name {
			return "it is the " + v.Purpose
		}
	}
	return ""
}

func checkServiceAudience(e *examination) {
	e.eachService(func(want *spec.Service, got *run.GoogleCloudRunV2Service, _ *run.GoogleCloudRunV2Container) {
		url := serviceURL(e.Options, e.State, want.Name)
		if !slices.Equal(got.CustomAudiences, []string{url}) {
			e.errorf("service "+want.Name, "the custom audiences are %v, not %s alone", got.CustomAudiences, url).because(
				"callers' tokens name that URL, so Cloud Run rejects them or accepts others", "%s", e.apply())
		}
		if got.DefaultUriDisabled || len(got.Urls) > 0 && !slices.Contains(got.Urls, url) {
			e.errorf("service "+want.Name, "is not served at %s", url).because("its callers call that URL", "%s", e.apply())
		}
	})
}

func checkServiceAccount(e *examination) {
	e.eachService(func(want *spec.Service, got *run.GoogleCloudRunV2Service, _ *run.GoogleCloudRunV2Container) {
		account := spec.Email(e.Options.Project, want.Account)
		if got.Template.ServiceAccount != account {
			e.errorf("service "+want.Name, "runs as %q, not as %s", got.Template.ServiceAccount, account).because(
				"it has the roles of another account: too few, or those of the whole project", "%s", e.apply())
		}
	})
}

// checkServiceLimits compares what Cloud Run writes as quantities with the table's numbers.
func checkServiceLimits(e *examination) {
	e.eachService(func(want *spec.Service, got *run.GoogleCloudRunV2Service, c *run.GoogleCloudRunV2Container) {
		compare := func(what, got, expected, why string) {
			if got != expected {
				e.errorf("service "+want.Name, "%s is %s; the table says %s", what, got, expected).because(why, "%s", e.apply())
			}
		}
		var limits map[string]string
		if c.Resources != nil {
			limits = c.Resources.Limits
			if !c.Resources.CpuIdle {
				e.errorf("service "+want.Name, "its CPU is always allocated").because("idle instances are billed like busy ones", "%s", e.apply())
			}
		}
		timeout, _ := time.ParseDuration(got.Template.Timeout)
		compare("the request timeout", timeout.String(), want.Timeout.String(), "longer requests are cut off, shorter ones bind an instance for too long")
		compare("the memory", mebibytes(limits["memory"]), fmt.Sprintf("%d MiB", want.MemoryMiB), "an instance that needs more is killed; more is billed")
		compare("the CPU", milliCPU(limits["cpu"]), fmt.Sprintf("%dm", want.MilliCPU), "it limits how many requests an instance can handle")
		compare("the concurrency", strconv.FormatInt(got.Template.MaxInstanceRequestConcurrency, 10), strconv.Itoa(want.Concurrency),
			"an instance has memory for that many requests")
		generation := "EXECUTION_ENVIRONMENT_GEN1"
		if want.SecondGeneration {
			generation = "EXECUTION_ENVIRONMENT_GEN2"
		}
		compare("the execution environment", got.Template.ExecutionEnvironment, generation, "the second generation starts more slowly")
		var least, most int64
		if s := got.Template.Scaling; s != nil {
			least, most = s.MinInstanceCount, s.MaxInstanceCount
		}
		compare("the number of instances", fmt.Sprintf("%d to %d", least, most), fmt.Sprintf("%d to %d", want.MinInstances, want.MaxInstances),
			"the least are billed without requests, the most bound the bill of an attack")
	})
}

// mebibytes converts a quantity such as 512Mi or 1Gi.
//
// Source: https://cloud.google.com/run/docs/configuring/services/memory-limits
func mebibytes(quantity string) string {
	for suffix, factor := range map[string]float64{"Gi": 1 << 10, "Mi": 1, "Ki": 1.0 / (1 << 10), "G": 1e9 / (1 << 20), "M": 1e6 / (1 << 20)} {
		if number, ok := strings.CutSuffix(quantity, suffix); ok {
			if n, err := strconv.ParseFloat(number, 64); err == nil {
				return fmt.Sprintf("%g MiB", n*factor)
			}
		}
	}
	return fmt.Sprintf("%q", quantity)
}

// milliCPU converts a quantity such as 1, 0.5 or 500m.
func milliCPU(quantity string) string {
	number, milli := strings.CutSuffix(quantity, "m")
	n, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return fmt.Sprintf("%q", quantity)
	}
	if !milli {
		n *= 1000
	}
	return fmt.Sprintf("%gm", n)
}

// ingress are the names of the settings in the API.
//
// Source: https://cloud.google.com/run/docs/reference/rest/v2/IngressTraffic
var ingress = map[spec.Ingress]string{
	spec.IngressAll: "INGRESS_TRAFFIC_ALL", spec.IngressInternal: "INGRESS_TRAFFIC_INTERNAL_ONLY",
	spec.IngressLoadBalancer: "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
}

func checkServiceIngress(e *examination) {
	e.eachService(func(want *spec.Service, got *run.GoogleCloudRunV2Service, _ *run.GoogleCloudRunV2Container) {
		if got.Ingress != ingress[want.Ingress] {
			e.errorf("service "+want.Name, "the ingress is %s; the table says %s", got.Ingress, want.Ingress).because(
				"Hosting, Cloud Tasks and Cloud Scheduler call from outside of the project's networks", "%s", e.apply())
		}
	})
}

func checkServiceProtocol(e *examination) {
	e.eachService(func(want *spec.Service, _ *run.GoogleCloudRunV2Service, c *run.GoogleCloudRunV2Container) {
		http2 := len(c.Ports) > 0 && c.Ports[0].Name == "h2c"
		switch {
		case want.HTTP2 && !http2:
			e.errorf("service "+want.Name, "its port is not named h2c").because("gRPC needs HTTP/2: every call fails", "%s", e.apply())
		case !want.HTTP2 && http2:
			e.errorf("service "+want.Name, "its port is named h2c").because("the table says HTTP/1", "%s", e.apply())
		}
	})
}

func checkServiceProbes(e *examination) {
	want := e.Table.StartupProbe
	describe := func(failures int64, period, timeout time.Duration) string {
		return fmt.Sprintf("connects up to %d times, every %v, for %v each", failures, period, timeout)
	}
	e.eachService(func(s *spec.Service, _ *run.GoogleCloudRunV2Service, c *run.GoogleCloudRunV2Container) {
		subject, p := "service "+s.Name, c.StartupProbe
		const late = "a new instance serves later than it could, or is given up while it starts"
		switch {
		case p == nil:
			e.errorf(subject, "has no startup probe").because(late, "%s", e.apply())
		case p.TcpSocket == nil || p.InitialDelaySeconds != 0:
			e.errorf(subject, "the startup probe does not connect to the port without delay").because(late, "%s", e.apply())
		default:
			got := describe(p.FailureThreshold, time.Duration(p.PeriodSeconds)*time.Second, time.Duration(p.TimeoutSeconds)*time.Second)
			if expected := describe(int64(want.Failures), want.Period, want.Timeout); got != expected {
				e.errorf(subject, "the startup probe %s; the table says that it %s", got, expected).because(late, "%s", e.apply())
			}
		}
		for name, probe := range map[string]*run.GoogleCloudRunV2Probe{"liveness": c.LivenessProbe, "readiness": c.ReadinessProbe} {
			if probe != nil {
				e.warnf(subject, "has a %s probe", name).because("it is billed like a request", "%s", e.apply())
			}
		}
	})
}
