// Every Node process of the tests preloads this file. A connection to another machine fails, and its address is appended to
// the file named by OFFLINE_LOG.
const { appendFileSync } = require('node:fs')
const { Socket } = require('node:net')

const connect = Socket.prototype.connect
Socket.prototype.connect = function (...args) {
  const [first, second] = Array.isArray(args[0]) ? args[0] : args
  const options = typeof first === 'object' ? first : { port: first, host: second }
  const host = options.path || typeof options.host !== 'string' ? 'localhost' : options.host
  if (['localhost', '127.0.0.1', '::1'].includes(host)) return connect.apply(this, args)
  appendFileSync(process.env.OFFLINE_LOG, `${host}:${options.port}\n`)
  this.connecting = true
  process.nextTick(() => this.destroy(new Error(`${host} is not on this machine`)))
  return this
}
