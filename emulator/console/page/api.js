// The console's API. Names go into the query, since they may hold any character.

/** connection tells listeners whether the cloud answers. */
export const connection = new EventTarget();

async function call(method, path, query, body) {
  const address = '/api/' + path + '?' + new URLSearchParams(Object.entries(query).filter(([, v]) => v !== undefined && v !== ''));
  let response;
  try {
    response = await fetch(address, {
      method,
      headers: method === 'GET' ? {} : { 'X-Console': '1', 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    connection.dispatchEvent(new CustomEvent('change', { detail: false }));
    throw error;
  }
  connection.dispatchEvent(new CustomEvent('change', { detail: true }));
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  let message = response.status + ' ' + text.slice(0, 200);
  try { message = JSON.parse(text).error ?? message; } catch { /* it is no JSON: shown as it is */ }
  throw Object.assign(new Error(message), { status: response.status });
}

export const get = (path, query = {}) => call('GET', path, query);
export const post = (path, query = {}, body = {}) => call('POST', path, query, body);
export const remove = (path, query = {}) => call('DELETE', path, query);
