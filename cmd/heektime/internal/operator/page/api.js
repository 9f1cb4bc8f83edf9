// Calls of the console's API. The key is in the URL that heektime console printed. It moves to the session's
// storage, so that reloading works and neither the history nor a screenshot shows it.

import { ApiError } from './errors.js';

const fragment = location.hash.slice(1);
if (/^[A-Z2-7]{20,}$/.test(fragment)) {
  sessionStorage.setItem('key', fragment);
  history.replaceState(null, '', '/');
}

async function call(method, path, query, body) {
  let response;
  try {
    response = await fetch('/api/' + path + '?' + new URLSearchParams(query), {
      method,
      headers: { 'X-Console': sessionStorage.getItem('key') ?? '', ...(body && { 'Content-Type': 'application/json' }) },
      body: body && JSON.stringify(body),
    });
  } catch (error) {
    throw new ApiError('CONNECTION_LOST', error.message);
  }
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  let failure;
  try { failure = JSON.parse(text); } catch { /* not JSON: show the text */ }
  throw new ApiError(failure?.code, failure?.message ?? response.status + ' ' + text.slice(0, 200));
}

export const get = (path, query = {}) => call('GET', path, query);
export const post = (path, body) => call('POST', path, {}, body);
