package firestore_test

import (
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"heek.kr/heektime/emulator/clock"
	emulator "heek.kr/heektime/emulator/firestore"
)

// FuzzREST checks that every response is JSON and that no request causes a server error.
func FuzzREST(f *testing.F) {
	for _, seed := range [][4]string{
		{"GET", webRoot + "/a/b", "mask.fieldPaths=a&readTime=2026-01-01T00:00:00Z", ""},
		{"GET", webRoot + "/a", "pageSize=1&orderBy=n+desc&showMissing=true&pageToken=AA", ""},
		{"PATCH", webRoot + "/a/b", "updateMask.fieldPaths=`a.b`.c&currentDocument.exists=true", `{"fields":{"a":{"mapValue":{"fields":{"b":{"doubleValue":"NaN"}}}}}}`},
		{"POST", webRoot + "/a", "documentId=x", `{"fields":{"l":{"arrayValue":{"values":[{"bytesValue":"AA=="},{"geoPointValue":{"latitude":1}}]}}}}`},
		{"POST", webRoot + ":commit", "", `{"writes":[{"verify":"` + webRoot + `/a/b"},{"update":{"name":"` + webRoot + `/a/b"},"updateTransforms":[{"fieldPath":"n","setToServerValue":"REQUEST_TIME"}]}]}`},
		{"POST", webRoot + ":runQuery", "", `{"structuredQuery":{"from":[{"collectionId":"a"}],"startAt":{"values":[{"integerValue":"1"}]},"orderBy":[{"field":{"fieldPath":"n"}}]}}`},
		{"POST", webRoot + ":runAggregationQuery", "", `{"structuredAggregationQuery":{"aggregations":[{"sum":{"field":{"fieldPath":"n"}}}],"structuredQuery":{"from":[{"collectionId":"a"}]}}}`},
		{"DELETE", webRoot + "/a/b", "currentDocument.updateTime=x", ""},
	} {
		f.Add(seed[0], "/v1/"+seed[1], seed[2], seed[3])
	}
	s, err := emulator.New(emulator.Config{Clock: clock.New(), AllowUnindexed: true, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { s.Close() })
	h := s.Handler(nil)
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Method, r.URL = method, &url.URL{Path: path, RawQuery: query}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code >= 500 && w.Code != 501 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if strings.HasPrefix(path, "/v1/") && !json.Valid(w.Body.Bytes()) {
			t.Errorf("%d %s is not JSON", w.Code, w.Body)
		}
	})
}
