package courses_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/courses"
)

// TestTooManyJSONRows checks that every JSON adapter rejects a list with too many rows, whether or not
// the rows can be read.
func TestTooManyJSONRows(t *testing.T) {
	validRows := map[string]map[string]string{
		"korea":    {"COUR_CD": "GAON", "COUR_CLS": "01", "COUR_NM": "별", "CREDIT": "3(3)", "TIME_ROOM": ""},
		"chungang": {"sbjtclss": "11111-01", "clssnm": "별", "pnt": "3-3", "ltbdrm": "", "profnm": ""},
		"mju-json": {"coursecls": "1", "curinum": "1", "curinm": "별", "cdtnum": "3", "lecttime": "", "profnm": ""},
	}
	for adapter, row := range validRows {
		for kind, other := range map[string]any{"valid rows": row, "unreadable rows": "unreadable"} {
			t.Run(adapter+" "+kind, func(t *testing.T) {
				rows := []any{row}
				for range 20 {
					rows = append(rows, other)
				}
				var body any = map[string]any{"code": "200", "rows": rows, "selectSust": rows}
				if adapter == "mju-json" {
					body = rows
				}
				school := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					http.SetCookie(w, &http.Cookie{Name: "JSESSIONID", Value: "1"})
					w.Header().Set("Content-Type", "application/json")
					json.NewEncoder(w).Encode(body)
				}))
				defer school.Close()
				_, _, err := read(t.Context(), start(t, courses.Config{MaxRows: 10, Pause: 1}), payload("adapter", adapter, "url", school.URL))
				if status.Code(err) != codes.ResourceExhausted {
					t.Errorf("error %v, want ResourceExhausted", err)
				}
			})
		}
	}
}
