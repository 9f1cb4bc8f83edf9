-- The baseline's tables.
CREATE TABLE schools (id text PRIMARY KEY, name text NOT NULL);
CREATE TABLE semesters (id text PRIMARY KEY, school_id text NOT NULL REFERENCES schools,
    year int NOT NULL, term text NOT NULL);
CREATE INDEX ON semesters (school_id);
CREATE TABLE timetables (id text PRIMARY KEY, user_id text NOT NULL,
    semester_id text NOT NULL REFERENCES semesters, title text NOT NULL, created_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX ON timetables (user_id);
CREATE TABLE lectures (id text PRIMARY KEY, timetable_id text NOT NULL REFERENCES timetables,
    identifier text NOT NULL, title text NOT NULL, professor text NOT NULL, credit float8 NOT NULL,
    times jsonb NOT NULL, category text[] NOT NULL, tags jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX ON lectures (timetable_id);
