// Starts the official Authentication emulator alone, which needs no Java, and prints its origin. It runs until standard
// input ends. Arguments: the folder of firebase-tools, the project, and the requests that it will get, a JSON list of
// "METHOD /path": at its start the emulator compiles what checks each endpoint, for 7 seconds. The others are left out.
const path = require('node:path')

const [tools, project, requests] = process.argv.slice(2)
const lib = (name) => require(path.join(tools, 'lib', 'emulator', 'auth', name))
const spec = lib('apiSpec').default
const coming = JSON.parse(requests)

const methods = ['get', 'post', 'patch', 'put', 'delete']
for (const [template, operations] of Object.entries(spec.paths)) {
  const form = new RegExp(`^(\\w+) .*${template.replace(/\{\w+\}/g, '[^/:]+')}$`)
  const called = coming.flatMap((request) => form.exec(request)?.[1].toLowerCase() ?? [])
  for (const method of methods) if (!called.includes(method)) delete operations[method]
  if (!methods.some((method) => operations[method])) delete spec.paths[template]
}

lib('server').createApp(project, 'NO_WARNING').then((app) => {
  const server = app.listen(0, '127.0.0.1', () => console.log(`ORIGIN http://127.0.0.1:${server.address().port}`))
})
process.stdin.on('end', () => process.exit(0)).resume()
