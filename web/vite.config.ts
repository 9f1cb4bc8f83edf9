import { fileURLToPath } from 'node:url'
import { defineConfig, type Plugin } from 'vite'
import { precache } from './scripts/precache.ts'

// The local cloud's Hosting, which forwards API paths to the services and serves the app's configuration.
const hosting = process.env['HOSTING'] ?? 'http://127.0.0.1:5000'

/** Vite wraps each import() in 2 kB that load styles and what the module imports. There is one style sheet, and session.ts names the other. */
const plainImports: Plugin = {
  name: 'plain-imports',
  enforce: 'pre',
  load: (id) => (id.includes('vite/preload-helper') ? 'export const __vitePreload = (load) => load()' : null),
}

export default defineConfig({
  build: {
    target: 'es2022',
    // The gate builds again and compares byte for byte: nothing may depend on the machine or the time.
    emptyOutDir: true,
    modulePreload: false,
    license: { fileName: 'licenses.txt' },
    rolldownOptions: {
      input: { index: 'index.html', sw: 'src/sw.ts' },
      output: {
        entryFileNames: (chunk) => (chunk.name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js'),
        comments: false,
      },
    },
  },
  worker: { format: 'es' },
  resolve: { alias: { re2js: fileURLToPath(new URL('src/cloud/noregex.ts', import.meta.url)) } },
  plugins: [precache(), plainImports],
  server: {
    proxy: Object.fromEntries(['/__', '/apis', '/login', '/register', '/account', '/subscriptions', '/user', '/courses', '/compare', '/views'].map((path) => [path, hosting])),
  },
})
