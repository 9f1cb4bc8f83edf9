// Runs a client script in Node: node node.mjs FOLDER-OF-THE-SDK SCRIPT. Each line of the standard input is a call,
// {id, function, args}; each line of the standard output what became of one. A line {id, reset: true} deletes the
// script's Firebase apps and starts the script again. It ends with its input.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { call } from './host.mjs'

const [sdk, script] = process.argv.slice(2)
// The old SDK gives the Blobs that Node has by now to a library that cannot send them. Without them it has its own way.
if (sdk.endsWith('v9')) delete globalThis.Blob
const require = createRequire(sdk + '/')
const firebase = { lite: require('firebase/firestore/lite') }
for (const name of ['app', 'auth', 'firestore', 'storage']) firebase[name] = require('firebase/' + name)
const start = (await import(pathToFileURL(script))).default
let client = start(firebase)
const host = {
  async reset() {
    for (const app of firebase.app.getApps()) {
      // The SDK keeps the user of a deleted app for the next one of the same name.
      if (app.options.apiKey) await firebase.auth.signOut(firebase.auth.getAuth(app))
      await firebase.app.deleteApp(app)
    }
    client = start(firebase)
  },
}

console.log = console.info = console.warn // the standard output is for answers
createInterface({ input: process.stdin }).on('line', async (line) => {
  const { id, function: name, args, reset } = JSON.parse(line)
  const answer = reset ? await call(host, 'reset', []) : await call(client, name, args)
  process.stdout.write(`{"id":${id},"answer":${answer}}\n`)
}).on('close', () => process.exit(0))
