package oldserver

import (
	"context"
	"net/http"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

type timetableObject struct {
	ID    string  `json:"id"`
	Title *string `json:"title"`
	User  struct {
		ID string `json:"id"`
	} `json:"user"`
	Semester semesterObject   `json:"semester"`
	Lectures []*lectureObject `json:"lectures"`
}

// selectTimetables omits timetables without a semester or school: the old server joined the tables.
const selectTimetables = `SELECT trim(t.id), t.title, t.user_id::text, s.id, s.year, s.term, c.id, c.name
	FROM timetables t JOIN semesters s ON s.id = t.semester_id JOIN schools c ON c.id = s.school_id `

func readTimetables(ctx context.Context, tx pgx.Tx, condition string, arg any) (list []*timetableObject, err error) {
	rows, err := tx.Query(ctx, selectTimetables+condition, arg)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list = []*timetableObject{}
	for rows.Next() {
		t := &timetableObject{Lectures: []*lectureObject{}}
		t.Semester.School = &schoolObject{}
		if err := rows.Scan(&t.ID, &t.Title, &t.User.ID, &t.Semester.ID, &t.Semester.Year, &t.Semester.Term,
			&t.Semester.School.ID, &t.Semester.School.Name); err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, rows.Err()
}

func listTimetables(ctx context.Context, tx pgx.Tx, r *request) (int, any, error) {
	id, err := uuid.Parse(r.PathValue("user"))
	if err != nil {
		return 0, nil, errNoUser
	}
	if _, err := oneUser(ctx, tx, "id = $1", id.String()); err != nil {
		return 0, nil, err
	}
	list, err := readTimetables(ctx, tx, "WHERE t.user_id = $1 ORDER BY t.created_at, t.id", id.String())
	if err != nil {
		return 0, nil, err
	}
	byID := map[string]*timetableObject{}
	ids := make([]string, len(list))
	for i, t := range list {
		byID[t.ID], ids[i] = t, t.ID
	}
	lectures, err := readLectures(ctx, tx, "timetable_id = ANY($1::char(32)[])", ids)
	if err != nil {
		return 0, nil, err
	}
	for _, l := range lectures {
		t := byID[l.timetable]
		t.Lectures = append(t.Lectures, l)
	}
	return http.StatusOK, list, nil
}

func createTimetable(ctx context.Context, tx pgx.Tx, r *request) (int, any, error) {
	var body struct {
		SemesterID string `json:"semester_id"`
		Title      string `json:"title"`
	}
	if err := decode(r, &body); err != nil {
		return 0, nil, err
	}
	if err := checkSemester(ctx, tx, body.SemesterID); err != nil {
		return 0, nil, err
	}
	id := strings.ReplaceAll(uuid.NewString(), "-", "")
	if _, err := tx.Exec(ctx, "INSERT INTO timetables (id, user_id, semester_id, title) VALUES ($1, $2, $3, $4)",
		id, r.user, body.SemesterID, body.Title); err != nil {
		return 0, nil, err
	}
	created, err := readTimetables(ctx, tx, "WHERE t.id = $1", id)
	if err != nil {
		return 0, nil, err
	}
	if len(created) == 0 {
		return 0, nil, errNoSemester // it belongs to no school
	}
	return http.StatusCreated, created[0], nil
}
