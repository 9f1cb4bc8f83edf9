-- HeekTime's old database. Few constraints guard it, as is usual in a database that grew with its application:
-- the application checked, and not always. Timestamps are Korean local time without a zone.

CREATE TABLE schools (
    id   text PRIMARY KEY, -- korea_univ_anam
    name text
);

CREATE TABLE semesters (
    id        text PRIMARY KEY, -- korea_univ_anam/2022-2학기
    school_id text REFERENCES schools,
    year      integer,
    term      text
);

CREATE TABLE users (
    id            uuid PRIMARY KEY,
    username      text UNIQUE, -- unique by bytes: neither case nor Unicode's form was normalized
    password_hash text,        -- of Werkzeug
    name          text,
    created_at    timestamp DEFAULT (now() AT TIME ZONE 'Asia/Seoul'),
    updated_at    timestamp DEFAULT (now() AT TIME ZONE 'Asia/Seoul')
);

CREATE TABLE timetables (
    id          char(32) PRIMARY KEY, -- hexadecimal
    user_id     uuid,
    semester_id text,
    title       text,
    created_at  timestamp DEFAULT (now() AT TIME ZONE 'Asia/Seoul'),
    updated_at  timestamp DEFAULT (now() AT TIME ZONE 'Asia/Seoul')
);
CREATE INDEX timetables_user ON timetables (user_id);

CREATE TABLE lectures (
    id           uuid PRIMARY KEY,
    timetable_id char(32),
    identifier   text,
    title        text,
    professor    text,
    credit       double precision,
    created_at   timestamp DEFAULT (now() AT TIME ZONE 'Asia/Seoul'),
    updated_at   timestamp DEFAULT (now() AT TIME ZONE 'Asia/Seoul')
);
CREATE INDEX lectures_timetable ON lectures (timetable_id);

CREATE TABLE lecture_times (
    id         bigserial PRIMARY KEY,
    lecture_id uuid,
    weekday    integer, -- 0 is Monday
    time_begin integer, -- minutes after midnight
    time_end   integer,
    room       text
);
CREATE INDEX lecture_times_lecture ON lecture_times (lecture_id);

CREATE TABLE lecture_categories (
    lecture_id uuid,
    position   integer,
    name       text
);
CREATE INDEX lecture_categories_lecture ON lecture_categories (lecture_id);

CREATE TABLE lecture_tags (
    lecture_id uuid,
    name       text
);
CREATE INDEX lecture_tags_lecture ON lecture_tags (lecture_id);
