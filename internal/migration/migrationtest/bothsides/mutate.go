package bothsides

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"heek.kr/heektime/internal/migration/migrationtest/olddata"
)

// Mutate makes a random transaction in the old database, of up to a few statements. Some of them have no
// effect.
func (w *World) Mutate(t testing.TB, random *rand.Rand) {
	t.Helper()
	var statements []string
	for range 1 + random.IntN(4) {
		statements = append(statements, w.statement(random))
	}
	if random.IntN(8) == 0 {
		statements = append(statements, "ROLLBACK")
	}
	w.Exec(t, "BEGIN; "+strings.Join(statements, "; ")+"; COMMIT")
}

// pick returns SQL for the key of a random row of a table.
func pick(random *rand.Rand, table string) string {
	return fmt.Sprintf("(SELECT id FROM %s ORDER BY md5(id::text || '%d') LIMIT 1)", table, random.Int())
}

func (w *World) statement(random *rand.Rand) string {
	user, timetable, lecture := pick(random, "users"), pick(random, "timetables"), pick(random, "lectures")
	name := []string{"same name", "Same Name", "SAME NAME", "이름", "a/b", "x@example.com", fmt.Sprintf("name%d", random.IntN(1000))}[random.IntN(7)]
	n := random.IntN(1000)
	all := []string{
		// Names are unique by bytes: whoever has one gives it up.
		fmt.Sprintf("UPDATE users SET username = username || '%d' WHERE username = '%s' AND id <> %s; UPDATE users SET username = '%s' WHERE id = %s", n, name, user, name, user),
		fmt.Sprintf("UPDATE users SET password_hash = '%s' WHERE id = %s", olddata.Hash(fmt.Sprint(n), "salt"), user),
		fmt.Sprintf("UPDATE users SET password_hash = NULL WHERE id = %s", user),
		fmt.Sprintf("INSERT INTO users (id, username, password_hash) VALUES (overlay(gen_random_uuid()::text PLACING '4' FROM 15)::uuid, 'new%d', 'x') ON CONFLICT DO NOTHING", n),
		fmt.Sprintf("DELETE FROM users WHERE id = %s", user),
		fmt.Sprintf("INSERT INTO timetables (id, user_id, semester_id, title) VALUES (md5('%d'), %s, (SELECT max(semester_id) FROM timetables), 'new %d') ON CONFLICT DO NOTHING", n, user, n),
		fmt.Sprintf("UPDATE timetables SET title = 'title %d' WHERE id = %s", n, timetable),
		fmt.Sprintf("UPDATE timetables SET user_id = %s WHERE id = %s", user, timetable),
		fmt.Sprintf("UPDATE timetables SET semester_id = NULL WHERE id = %s", timetable),
		fmt.Sprintf("UPDATE timetables SET semester_id = (SELECT max(semester_id) FROM timetables) WHERE id = %s", timetable),
		fmt.Sprintf("DELETE FROM timetables WHERE id = %s", timetable),
		fmt.Sprintf("INSERT INTO lectures (id, timetable_id, title) VALUES (gen_random_uuid(), %s, 'lecture %d')", timetable, n),
		fmt.Sprintf("UPDATE lectures SET title = 'title %d', credit = %d WHERE id = %s", n, n, lecture),
		fmt.Sprintf("UPDATE lectures SET timetable_id = %s WHERE id = %s", timetable, lecture),
		fmt.Sprintf("DELETE FROM lectures WHERE id = %s", lecture),
		fmt.Sprintf("INSERT INTO lecture_times (lecture_id, weekday, time_begin, time_end, room) VALUES (%s, %d, 60, 120, 'r')", lecture, n%8),
		fmt.Sprintf("DELETE FROM lecture_times WHERE lecture_id = %s", lecture),
		fmt.Sprintf("INSERT INTO lecture_tags VALUES (%s, 'tag %d')", lecture, n),
		fmt.Sprintf("UPDATE lecture_categories SET name = 'c%d' WHERE lecture_id = %s", n, lecture),
	}
	return all[random.IntN(len(all))]
}
