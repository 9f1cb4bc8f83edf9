package main

import (
	"crypto/rand"
	"encoding/base64"

	"heek.kr/heektime/cmd/heektime/internal/local"
	"heek.kr/heektime/compat-server/api"
)

// This file goes with compat-server: deleting both is all that it takes.

func init() {
	guests = append(guests, local.ExtraService{Name: "compat-server", Open: api.Open, Variables: func(url string) map[string]string {
		key := make([]byte, 32)
		rand.Read(key)
		return map[string]string{
			"FIREBASE_API_KEY": "local", // the embedded Authentication takes any
			"TOKEN_KEY":        base64.StdEncoding.EncodeToString(key),
			"PUBLIC_URL":       url,
			"END_DATE":         "2027-08-31",
		}
	}})
}
