package olddata

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Counts is how many rows of each table [Fill] made.
type Counts struct {
	Schools, Semesters, Users, Timetables, Lectures, Times, Categories, Tags int64
}

// Fill copies everything that the generator makes into an empty database with [Schema].
func Fill(ctx context.Context, conn *pgx.Conn, g *Generator) (c Counts, err error) {
	f := filler{ctx: ctx, conn: conn, g: g}
	c.Schools = f.copy("schools", "id name", slicePart(g.Schools(), func(s School) []any { return []any{s.ID, s.Name} }))
	c.Semesters = f.copy("semesters", "id school_id year term", slicePart(g.Semesters(), func(s Semester) []any {
		return []any{s.ID, s.SchoolID, s.Year, s.Term}
	}))
	c.Users = f.copy("users", "id username password_hash name created_at updated_at", f.users(func(u *User, yield func(...any)) {
		yield(uuidOf(u.ID), u.Username, u.PasswordHash, u.Name, u.CreatedAt, u.UpdatedAt)
	}))
	c.Timetables = f.copy("timetables", "id user_id semester_id title created_at updated_at", f.users(func(u *User, yield func(...any)) {
		for _, t := range u.Timetables {
			yield(t.ID, uuidOrNull(t.UserID), t.SemesterID, t.Title, t.CreatedAt, t.UpdatedAt)
		}
	}))
	c.Lectures = f.copy("lectures", "id timetable_id identifier title professor credit created_at updated_at",
		f.lectures(func(l *Lecture, yield func(...any)) {
			yield(uuidOf(l.ID), l.TimetableID, l.Identifier, l.Title, l.Professor, l.Credit, l.CreatedAt, l.UpdatedAt)
		}))
	c.Times = f.copy("lecture_times", "lecture_id weekday time_begin time_end room", f.lectures(func(l *Lecture, yield func(...any)) {
		for _, t := range l.Times {
			yield(uuidOf(l.ID), t.Weekday, t.TimeBegin, t.TimeEnd, t.Room)
		}
	}))
	c.Categories = f.copy("lecture_categories", "lecture_id position name", f.lectures(func(l *Lecture, yield func(...any)) {
		for _, c := range l.Categories {
			yield(uuidOf(l.ID), c.Position, c.Name)
		}
	}))
	c.Tags = f.copy("lecture_tags", "lecture_id name", f.lectures(func(l *Lecture, yield func(...any)) {
		for _, name := range l.Tags {
			yield(uuidOf(l.ID), name)
		}
	}))
	if f.err == nil {
		// So that tests' queries use indexes: there is no autovacuum to do it.
		_, f.err = conn.Exec(ctx, "ANALYZE")
	}
	return c, f.err
}
