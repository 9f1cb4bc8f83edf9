// Instead of re2js, 40 kB after compression. Firestore's SDK has it for regular expressions in pipelines, which run a query's
// stages in the device's cache; this app has queries, and no pipelines.

export const RE2JS = {
  compile(expression: string): never {
    throw new Error(`${expression}: this build has no regular expressions for pipelines (vite.config.ts)`)
  },
}
