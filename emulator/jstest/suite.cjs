// Imports an export into the official Authentication and Storage emulators, uses it, and exports it again.
// Arguments: the folder of firebase-tools, the export to import, and the folder to export to.
const fs = require('node:fs')
const path = require('node:path')

const [tools, from, to] = process.argv.slice(2)
const lib = (name) => require(path.join(tools, 'lib', 'emulator', name))
const project = 'demo-test'
const metadata = JSON.parse(fs.readFileSync(path.join(from, 'firebase-export-metadata.json'), 'utf8'))

async function main() {
  const auth = new (lib('auth').AuthEmulator)({ host: '127.0.0.1', port: 0, projectId: project, singleProjectMode: 'NO_WARNING' })
  const server = (await lib('auth/server').createApp(project, 'NO_WARNING')).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  auth.args.port = server.address().port
  const origin = `http://127.0.0.1:${auth.args.port}`
  await auth.importData(path.join(from, metadata.auth.path), project, { initiatedBy: 'test' })
  const signIn = await fetch(`${origin}/identitytoolkit.googleapis.com/v1/accounts:signInWithPassword?key=k`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email: 'ann@example.com', password: 'secret!', returnSecureToken: true }),
  })
  const signedIn = await signIn.json()

  const storage = new (lib('storage').StorageEmulator)({ projectId: project, host: '127.0.0.1', port: 0, rules: [] })
  lib('registry').EmulatorRegistry.INSTANCES.set('storage', storage) // metadata has its address
  storage.storageLayer.import(path.join(from, metadata.storage.path), { initiatedBy: 'test' })
  const object = await storage.adminStorageLayer.getObject({ bucketId: 'demo-test', decodedObjectId: 'a/사진.png' })

  const at = (...names) => path.join(to, ...names)
  for (const name of ['auth_export', 'storage_export']) fs.mkdirSync(at(name), { recursive: true })
  const save = async (file, url) => fs.writeFileSync(at(file), await (await fetch(origin + url, { headers: { Authorization: 'Bearer owner' } })).text())
  await save('auth_export/accounts.json', `/identitytoolkit.googleapis.com/v1/projects/${project}/accounts:batchGet?maxResults=-1`)
  await save('auth_export/config.json', `/emulator/v1/projects/${project}/config`)
  await storage.storageLayer.export(at('storage_export'), { initiatedBy: 'test' })
  const part = (name) => ({ version: '15.0.0', path: name })
  fs.writeFileSync(at('firebase-export-metadata.json'), JSON.stringify({ version: '15.0.0', auth: part('auth_export'), storage: part('storage_export') }))
  console.log('RESULT ' + JSON.stringify({
    signedIn: signedIn.localId || signedIn,
    content: object.data.toString(), contentType: object.metadata.contentType, custom: object.metadata.customMetadata,
    tokens: object.metadata.downloadTokens.length,
  }))
  process.exit(0)
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
