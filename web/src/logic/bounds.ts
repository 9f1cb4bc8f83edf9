// The bounds of what clients write: characters (code points) of texts, entries of lists. A test in internal/schema holds
// them equal to the schema in Go, which holds them equal to firestore.rules.

/** Bounds of a lecture's fields. */
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
