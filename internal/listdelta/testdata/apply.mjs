// Applies deltas with the compiled web/src/listdelta.ts: a JSON case per line of the file that is named
// first, a JSON result per line of standard output.
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const { applyDelta, deltaUrl, listName } = await import(pathToFileURL(process.argv[3]))
const bytes = (base64) => new Uint8Array(Buffer.from(base64 ?? '', 'base64'))
const results = []
for await (const line of createInterface({ input: createReadStream(process.argv[2]) })) {
  const c = JSON.parse(line)
  if (c.from !== undefined) {
    results.push({ url: deltaUrl(c.from, c.to) ?? '', name: listName(c.to) ?? '' })
    continue
  }
  try {
    const result = await applyDelta(bytes(c.list), bytes(c.delta), c.name)
    results.push({ result: Buffer.from(result).toString('base64') })
  } catch (error) {
    if (error.name !== 'DeltaError') throw error
    results.push({ error: error.message })
  }
}
process.stdout.write(results.map((r) => JSON.stringify(r) + '\n').join(''))
