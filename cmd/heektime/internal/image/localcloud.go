package image

// everywhere makes a program listen on all addresses of its container: nothing could reach it otherwise. Who may reach
// the container is up to whoever runs it.
const everywhere = "0.0.0.0"

// LocalCloud returns the programs of the local cloud, for tests that run beside containers. They have no part in a
// release of the services. The ports are the defaults of firebase.json.
func LocalCloud() []Program {
	return []Program{
		{
			Name: "localcloud", Package: "emulator/cmd/localcloud", Arguments: []string{"--host", everywhere},
			Ports: []int{4000, 4400, 5000, 8080, 9099, 9199, 9499, 9599},
		},
		{Name: "firestore", Package: "emulator/cmd/firestore", Arguments: []string{"--host", everywhere}, Ports: []int{8080}},
	}
}
