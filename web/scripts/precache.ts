import type { Plugin } from 'vite'

/** Writes the names of the built files into the service worker, which keeps them for use without a network. */
export function precache(): Plugin {
  return {
    name: 'precache',
    apply: 'build',
    enforce: 'post',
    generateBundle(_, bundle) {
      const worker = bundle['sw.js']
      if (worker?.type !== 'chunk') return // the build of a web worker
      const files = Object.keys(bundle).filter((name) => name.startsWith('assets/')).sort()
      worker.code = worker.code.replace(/["'`]__PRECACHE__["'`]/, JSON.stringify(files.join(' ')))
    },
  }
}
