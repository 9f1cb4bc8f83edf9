// Calls of the console's API. Names are query parameters because they may contain any character.

import { ApiError } from './errors.js';

/** connection dispatches 'change' events whose detail says whether the local cloud responds. */
export const connection = new EventTarget();

async function call(method, path, query, body) {
  const url = '/api/' + path + '?' + new URLSearchParams(Object.entries(query).filter(([, v]) => v !== undefined && v !== ''));
  let response;
  try {
    response = await fetch(url, {
      method,
      headers: method === 'GET' ? {} : { 'X-Console': '1', 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    connection.dispatchEvent(new CustomEvent('change', { detail: false }));
    throw new ApiError('CONNECTION_LOST', error.message);
  }
  connection.dispatchEvent(new CustomEvent('change', { detail: true }));
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  let failure;
  try { failure = JSON.parse(text); } catch { /* not JSON: show the text */ }
  throw new ApiError(failure?.code, failure?.error ?? response.status + ' ' + text.slice(0, 200), failure?.values);
}

export const get = (path, query = {}) => call('GET', path, query);
export const post = (path, query = {}, body = {}) => call('POST', path, query, body);
export const remove = (path, query = {}) => call('DELETE', path, query);
