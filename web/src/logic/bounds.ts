// The bounds of a lecture, in course lists and in timetables: characters (code points) of texts, entries of lists.
// Generated from internal/schema: go test ./internal/schema -update

export const bounds = {
  identifier: 100,
  title: 300,
  professor: 500,
  credit: 100,
  times: 12,
  weekday: 6,
  room: 200,
  categories: 20,
  category: 200,
  metas: 8,
  metaName: 200,
  url: 2000,
} as const
