package local

import "net"

// connectHosting tells Hosting where the services are, by the names that firebase.json rewrites to.
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

// webOrigins are the origins of the web app that a browser may use for address, host:port, or for
// the default port of Hosting if address is empty.
func webOrigins(address string) []string {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		port = "5000" // another program may serve it there
	}
	return []string{"http://localhost:" + port, "http://127.0.0.1:" + port}
}
