import type { Plugin } from 'vite'

/**
 * Writes the names of the built files into the service worker, which keeps them for use without a network. What registers a device
 * for notifications needs a network, and few students need it.
 */
export function precache(): Plugin {
  return {
    name: 'precache',
    apply: 'build',
    enforce: 'post',
    generateBundle(_, bundle) {
      const worker = bundle['sw.js']
      if (worker?.type !== 'chunk') return // the build of a web worker
      const files = Object.keys(bundle).filter((name) => name.startsWith('assets/') && !name.startsWith('assets/push-')).sort()
      worker.code = worker.code.replace(/["'`]__PRECACHE__["'`]/, JSON.stringify(files.join(' ')))
    },
  }
}
