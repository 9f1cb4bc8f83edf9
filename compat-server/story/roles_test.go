package story

import (
	"heek.kr/heektime/compat-server/api"
	"heek.kr/heektime/internal/server"
)

// roles returns what each process runs.
func roles() map[string]func() {
	return map[string]func(){
		"compat": func() { server.Main("compat-server", api.Open) }, // as its main.go does
	}
}
