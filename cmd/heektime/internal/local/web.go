package local

import "net"

// connectHosting gives Hosting the URLs of the services that rewrites in firebase.json name.
func (b *Backend) connectHosting() error {
	if b.Cloud.Hosting == nil {
		return nil
	}
	for name, url := range b.URLs {
		if err := b.Cloud.Hosting.SetService(name, url); err != nil {
			return err
		}
	}
	return nil
}

// webOrigins returns the origins of a web app served at address (host:port), or on Hosting's default
// port if address is empty.
func webOrigins(address string) []string {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		port = "5000" // another program may serve the web app there
	}
	return []string{"http://localhost:" + port, "http://127.0.0.1:" + port}
}
