package story

import (
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"

	"heek.kr/heektime/compat-server/api"
	"heek.kr/heektime/internal/functions"
	"heek.kr/heektime/internal/server"
)

// roles returns what each process runs.
func roles() map[string]func() {
	return map[string]func(){
		"proxy":     proxy,
		"tool":      tool,
		"functions": func() { server.Main("functions", functions.Open) }, // as its main.go does
		"compat":    func() { server.Main("compat-server", api.Open) },   // as its main.go does
	}
}

// proxy passes all requests to the old server.
func proxy() {
	target, err := url.Parse(os.Getenv("OLD_SERVER_URL"))
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), httputil.NewSingleHostReverseProxy(target)))
}
