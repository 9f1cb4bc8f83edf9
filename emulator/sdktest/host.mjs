// What a page and Node have in common: calls a function of a client script and says what became of it, in JSON.
export async function call(client, name, args) {
  try {
    if (typeof client[name] !== 'function') throw new Error(`the script has no function ${name}`)
    return JSON.stringify({ result: await client[name](...args) })
  } catch (e) {
    return JSON.stringify({ error: { code: e?.code ?? '', message: String(e?.code ? e.message : e?.stack ?? e) } })
  }
}
