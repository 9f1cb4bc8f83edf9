package oldserver

import (
	"context"
	"errors"
	"math"
	"net/http"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// lectureObject is a lecture as clients send and receive it. NULL in the database is null in JSON.
type lectureObject struct {
	ID         string       `json:"id"`
	Identifier *string      `json:"identifier"`
	Title      *string      `json:"title"`
	Professor  *string      `json:"professor"`
	Credit     *float64     `json:"credit"`
	Times      []timeObject `json:"times"`
	Category   []*string    `json:"category"`
	Tags       []tagObject  `json:"tags"`

	timetable string
}

type timeObject struct {
	Weekday   *int32  `json:"weekday"`
	TimeBegin *int32  `json:"timeBegin"`
	TimeEnd   *int32  `json:"timeEnd"`
	Room      *string `json:"room"`
}

type tagObject struct {
	Name *string `json:"name"`
}

// readLectures returns lectures in the order they were added. condition has the parameter arg.
func readLectures(ctx context.Context, tx pgx.Tx, condition string, arg any) ([]*lectureObject, error) {
	rows, _ := tx.Query(ctx, `SELECT id::text, trim(timetable_id), identifier, title, professor, credit FROM lectures
		WHERE `+condition+` ORDER BY created_at, id`, arg)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*lectureObject, error) {
		l := &lectureObject{Times: []timeObject{}, Category: []*string{}, Tags: []tagObject{}}
		err := row.Scan(&l.ID, &l.timetable, &l.Identifier, &l.Title, &l.Professor, &l.Credit)
		if l.Credit != nil && (math.IsNaN(*l.Credit) || math.IsInf(*l.Credit, 0)) {
			l.Credit = nil // JSON has no such numbers
		}
		return l, err
	})
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list, readDetails(ctx, tx, list)
}

// readDetails adds the rows of the tables below lectures.
func readDetails(ctx context.Context, tx pgx.Tx, list []*lectureObject) error {
	byID := map[string]*lectureObject{}
	ids := make([]string, len(list))
	for i, l := range list {
		byID[l.ID], ids[i] = l, l.ID
	}
	var id string
	var t timeObject
	rows, _ := tx.Query(ctx, `SELECT lecture_id::text, weekday, time_begin, time_end, room FROM lecture_times
		WHERE lecture_id = ANY($1::uuid[]) ORDER BY id`, ids)
	_, err1 := pgx.ForEachRow(rows, []any{&id, &t.Weekday, &t.TimeBegin, &t.TimeEnd, &t.Room}, func() error {
		byID[id].Times = append(byID[id].Times, t)
		return nil
	})
	var name *string
	rows, _ = tx.Query(ctx, `SELECT lecture_id::text, name FROM lecture_categories
		WHERE lecture_id = ANY($1::uuid[]) ORDER BY position, name`, ids)
	_, err2 := pgx.ForEachRow(rows, []any{&id, &name}, func() error {
		byID[id].Category = append(byID[id].Category, name)
		return nil
	})
	rows, _ = tx.Query(ctx, `SELECT lecture_id::text, name FROM lecture_tags WHERE lecture_id = ANY($1::uuid[]) ORDER BY name`, ids)
	_, err3 := pgx.ForEachRow(rows, []any{&id, &name}, func() error {
		byID[id].Tags = append(byID[id].Tags, tagObject{name})
		return nil
	})
	return errors.Join(err1, err2, err3)
}

// timetable returns the id of the caller's timetable in the path, and locks it until the transaction ends.
func timetable(ctx context.Context, tx pgx.Tx, r *request) (id string, err error) {
	err = tx.QueryRow(ctx, `UPDATE timetables SET updated_at = now() AT TIME ZONE 'Asia/Seoul'
		WHERE id = $1 AND user_id = $2 RETURNING trim(id)`, r.PathValue("id"), r.user).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", errNoTimetable
	}
	return id, err
}

func addLecture(ctx context.Context, tx pgx.Tx, r *request) (int, any, error) {
	l, id := &lectureObject{}, uuid.NewString()
	if err := decode(r, l); err != nil {
		return 0, nil, err
	}
	in, err := timetable(ctx, tx, r)
	if err != nil {
		return 0, nil, err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO lectures (id, timetable_id, identifier, title, professor, credit)
		VALUES ($1, $2, $3, $4, $5, $6)`, id, in, l.Identifier, l.Title, l.Professor, l.Credit); err != nil {
		return 0, nil, err
	}
	return writeDetails(ctx, tx, http.StatusCreated, id, l)
}

// lecture returns the id of the lecture in the path, which is in the caller's timetable.
func lecture(ctx context.Context, tx pgx.Tx, r *request) (id string, err error) {
	in, err := timetable(ctx, tx, r)
	if err != nil {
		return "", err
	}
	parsed, err := uuid.Parse(r.PathValue("lecture"))
	if err != nil {
		return "", errNoLecture
	}
	err = tx.QueryRow(ctx, "SELECT id::text FROM lectures WHERE id = $1 AND timetable_id = $2 FOR UPDATE", parsed.String(), in).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", errNoLecture
	}
	return id, err
}

func putLecture(ctx context.Context, tx pgx.Tx, r *request) (int, any, error) {
	l := &lectureObject{}
	if err := decode(r, l); err != nil {
		return 0, nil, err
	}
	id, err := lecture(ctx, tx, r)
	if err != nil {
		return 0, nil, err
	}
	if _, err := tx.Exec(ctx, `UPDATE lectures SET identifier = $2, title = $3, professor = $4, credit = $5,
		updated_at = now() AT TIME ZONE 'Asia/Seoul' WHERE id = $1`, id, l.Identifier, l.Title, l.Professor, l.Credit); err != nil {
		return 0, nil, err
	}
	if err := deleteDetails(ctx, tx, id); err != nil {
		return 0, nil, err
	}
	return writeDetails(ctx, tx, http.StatusOK, id, l)
}

// writeDetails inserts the rows of the tables below a lecture, and responds with the lecture.
func writeDetails(ctx context.Context, tx pgx.Tx, status int, id string, l *lectureObject) (int, any, error) {
	var batch pgx.Batch
	for _, t := range l.Times {
		batch.Queue("INSERT INTO lecture_times (lecture_id, weekday, time_begin, time_end, room) VALUES ($1, $2, $3, $4, $5)",
			id, t.Weekday, t.TimeBegin, t.TimeEnd, t.Room)
	}
	for i, name := range l.Category {
		batch.Queue("INSERT INTO lecture_categories (lecture_id, position, name) VALUES ($1, $2, $3)", id, i, name)
	}
	for _, tag := range l.Tags {
		batch.Queue("INSERT INTO lecture_tags (lecture_id, name) VALUES ($1, $2)", id, tag.Name)
	}
	if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
		return 0, nil, err
	}
	written, err := readLectures(ctx, tx, "id = $1", id)
	if err != nil {
		return 0, nil, err
	}
	return status, written[0], nil
}

func deleteDetails(ctx context.Context, tx pgx.Tx, id string) error {
	for _, table := range []string{"lecture_times", "lecture_categories", "lecture_tags"} {
		if _, err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE lecture_id = $1", id); err != nil {
			return err
		}
	}
	return nil
}

func deleteLecture(ctx context.Context, tx pgx.Tx, r *request) (int, any, error) {
	id, err := lecture(ctx, tx, r)
	if err != nil {
		return 0, nil, err
	}
	if err := deleteDetails(ctx, tx, id); err != nil {
		return 0, nil, err
	}
	_, err = tx.Exec(ctx, "DELETE FROM lectures WHERE id = $1", id)
	return http.StatusNoContent, nil, err
}
