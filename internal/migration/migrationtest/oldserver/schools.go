package oldserver

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
)

type schoolObject struct {
	ID        string           `json:"id"`
	Name      *string          `json:"name"`
	Semesters []semesterObject `json:"semesters,omitzero"`
}

type semesterObject struct {
	ID     string        `json:"id"`
	Year   *int32        `json:"year"`
	Term   *string       `json:"term"`
	School *schoolObject `json:"school,omitempty"`
}

func schools(ctx context.Context, tx pgx.Tx, _ *request) (int, any, error) {
	semesters := map[string][]semesterObject{}
	var s semesterObject
	var school string
	rows, _ := tx.Query(ctx, "SELECT id, year, term, school_id FROM semesters WHERE school_id IS NOT NULL ORDER BY id")
	if _, err := pgx.ForEachRow(rows, []any{&s.ID, &s.Year, &s.Term, &school}, func() error {
		semesters[school] = append(semesters[school], s)
		return nil
	}); err != nil {
		return 0, nil, err
	}
	list := []schoolObject{}
	var o schoolObject
	rows, _ = tx.Query(ctx, "SELECT id, name FROM schools ORDER BY name, id")
	_, err := pgx.ForEachRow(rows, []any{&o.ID, &o.Name}, func() error {
		o.Semesters = semesters[o.ID]
		if o.Semesters == nil {
			o.Semesters = []semesterObject{}
		}
		list = append(list, o)
		return nil
	})
	return http.StatusOK, list, err
}

// listURL handles GET /semesters/{semester id}/lectures-url, where the id contains a slash.
func listURL(ctx context.Context, tx pgx.Tx, r *request) (int, any, error) {
	id, ok := strings.CutSuffix(r.PathValue("semester"), "/lectures-url")
	if !ok {
		return 0, nil, errNotFound
	}
	if err := checkSemester(ctx, tx, id); err != nil {
		return 0, nil, err
	}
	u := url.URL{Scheme: "http", Host: r.Host, Path: "/apis/v2/lists/" + id}
	return http.StatusOK, map[string]string{"url": u.String()}, nil
}

func checkSemester(ctx context.Context, tx pgx.Tx, id string) error {
	var exists bool
	if err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM semesters WHERE id = $1)", id).Scan(&exists); err != nil {
		return err
	}
	if !exists {
		return errNoSemester
	}
	return nil
}

// list is a course list with one lecture.
func list(ctx context.Context, tx pgx.Tx, r *request) (int, any, error) {
	if err := checkSemester(ctx, tx, r.PathValue("semester")); err != nil {
		return 0, nil, err
	}
	return http.StatusOK, []map[string]any{{
		"identifier": "COSE101-01", "title": "컴퓨터프로그래밍", "professor": "홍길동", "credit": 3,
		"times":    []map[string]any{{"weekday": 1, "timeBegin": 630, "timeEnd": 705, "room": "정보관 202"}},
		"category": []string{"전공필수"}, "tags": []map[string]any{{"name": "영강"}},
	}}, nil
}
