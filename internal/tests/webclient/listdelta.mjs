// Compiled from web/src/listdelta.ts: go test ./internal/listdelta -run TypeScript -update
// Applies deltas of course lists: a client that has an older version of a list loads some kilobytes instead
// of the whole list. docs/list-deltas.md describes the format; package listdelta is the same in Go. No
// dependencies: SHA-256 is the browser's.
/** The version of the format that this file reads. */
export const format = 'heektime.list-delta.1';
/** Bounds lists and deltas. */
export const maxBytes = 64 * 1024 * 1024;
/** A delta that cannot be applied. The client loads the whole list instead. */
export class DeltaError extends Error {
    name = 'DeltaError';
}
/**
 * The address of the delta between two lists of a semester, made of the lecturesUrl of the list that the
 * client has and the one it wants. Undefined if there can be none.
 */
export function deltaUrl(from, to) {
    const older = /^(gs:\/\/.+\/)([0-9a-f]{32})\.json$/.exec(from);
    const newer = /^(gs:\/\/.+\/)([0-9a-f]{32})\.json$/.exec(to);
    if (!older || !newer || older[1] !== newer[1] || older[2] === newer[2])
        return undefined;
    return `${newer[1]}${older[2]}-${newer[2]}.delta.json`;
}
/** The name of a list by its lecturesUrl: half of its hash. */
export function listName(lecturesUrl) {
    return /\/([0-9a-f]{32})\.json$/.exec(lecturesUrl)?.[1];
}
/**
 * Returns the newer list. list is the older one, delta the object at deltaUrl, both as bytes after the
 * content encoding is undone; name is the listName of the newer list. Rejects with a DeltaError unless the
 * result is exactly that list.
 */
export async function applyDelta(list, delta, name) {
    if (!/^[0-9a-f]{32}$/.test(name))
        throw new DeltaError(`${name} is not the name of a list`);
    const { to, length, ops } = parse(delta);
    const inserted = [];
    let read = 0;
    let size = 0;
    for (let i = 0; i < ops.length; i += 3) {
        const [copy, skip, text] = [ops[i], ops[i + 1], ops[i + 2]];
        if (!isSize(copy) || !isSize(skip) || typeof text !== 'string')
            throw new DeltaError(`operation ${i / 3} is not two sizes and a text`);
        const bytes = new TextEncoder().encode(text);
        inserted.push(bytes);
        read += copy + skip;
        size += copy + bytes.length;
        if (read > list.length || size > length)
            throw new DeltaError(`operation ${i / 3} exceeds the list`);
    }
    if (size !== length)
        throw new DeltaError('the delta has another length than it says');
    const result = new Uint8Array(size);
    let from = 0;
    let at = 0;
    inserted.forEach((bytes, i) => {
        const copy = ops[3 * i];
        result.set(list.subarray(from, from + copy), at);
        result.set(bytes, at + copy);
        from += copy + ops[3 * i + 1];
        at += copy + bytes.length;
    });
    const hash = hex(await crypto.subtle.digest('SHA-256', result));
    if (hash !== to || !hash.startsWith(name))
        throw new DeltaError('the result is not the list that was asked for');
    return result;
}
function parse(delta) {
    if (delta.length > maxBytes)
        throw new DeltaError('the delta is too large');
    let fields;
    try {
        fields = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(delta));
    }
    catch (error) {
        throw new DeltaError(`the delta is not JSON: ${String(error)}`);
    }
    if (typeof fields !== 'object' || fields === null)
        throw new DeltaError('the delta is not an object');
    const d = fields;
    if (d['format'] !== format)
        throw new DeltaError('the delta has another format');
    const { from, to, length, ops } = d;
    if (typeof from !== 'string' || typeof to !== 'string')
        throw new DeltaError('the delta does not name its lists');
    if (!isSize(length))
        throw new DeltaError('the delta has no valid length');
    if (!Array.isArray(ops) || ops.length % 3 !== 0)
        throw new DeltaError('the operations are not triples');
    return { to, length, ops };
}
function isSize(value) {
    return Number.isInteger(value) && value >= 0 && value <= maxBytes;
}
function hex(bytes) {
    return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
