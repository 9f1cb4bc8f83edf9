package deployment

import (
	"time"

	"heek.kr/heektime/internal/deployment/spec"
)

// pagesService shows timetables and courses to visitors. Hosting's CDN answers most of them. A picture takes some ten
// milliseconds of CPU; everything else waits for Firestore.
func pagesService() spec.Service {
	return spec.Service{
		Name: "pages", Purpose: "shows public timetables and courses to visitors",
		Package: "run/pages", Account: pagesAccount,
		Public: true, Ingress: spec.IngressAll,
		Timeout: 30 * time.Second, MemoryMiB: 512, MilliCPU: 1000, Concurrency: 40, MaxInstances: 2,
		Environment: []spec.Variable{
			project,
			database,
			listsBucket,
			{Name: "PUBLIC_URL", Required: true, Value: spec.SiteURL(), Purpose: "where visitors reach the pages, `https://host`: the web app's domain"},
			trustedProxies,
		},
	}
}
