package local

import (
	"maps"
	"net"
)

// cloudRun is where the Cloud Run services answer, by the names that firebase.json rewrites paths to.
func (b *Backend) cloudRun() map[string]string {
	services := map[string]string{"auth": b.AuthURL, "courses": b.CoursesURL, "refresh": b.RefreshURL, "cleanup": b.CleanupURL}
	maps.Copy(services, b.ExtraServiceURLs)
	return services
}

// connectWeb tells Hosting where the services answer.
func (b *Backend) connectWeb() error {
	if b.Cloud.Hosting == nil {
		return nil
	}
	for name, url := range b.cloudRun() {
		if err := b.Cloud.Hosting.SetService(name, url); err != nil {
			return err
		}
	}
	return nil
}

// webOrigins are the names that a browser may know the web app by, whose address is host:port or "" for none.
func webOrigins(address string) []string {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		port = "5000" // another program's that serves it
	}
	return []string{"http://localhost:" + port, "http://127.0.0.1:" + port}
}
