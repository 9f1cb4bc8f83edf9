package server

import (
	"encoding/json"
	"net/http"
)

// WriteJSON writes a response with a JSON body. It ignores write errors: the client is gone.
func WriteJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}
