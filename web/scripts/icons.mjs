// Draws the PNG icons in public/ from icon.svg with Chromium, for systems that want no SVG. Run by hand after a change:
//
//   CHROMIUM=/usr/bin/chromium node scripts/icons.mjs

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const svg = readFileSync(new URL('../public/icon.svg', import.meta.url), 'utf8')
const square = svg.replace(' rx="14"', '')
// A maskable icon may be cut to a circle of 80 %: https://www.w3.org/TR/appmanifest/#icon-masks
for (const [name, size, drawing] of [['icon-180', 180, square], ['icon-192', 192, svg], ['icon-512', 512, svg], ['icon-maskable-512', 512, square]]) {
  const page = join(mkdtempSync(join(tmpdir(), 'icons-')), 'icon.html')
  writeFileSync(page, `<style>*{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${drawing}`)
  execFileSync(process.env.CHROMIUM ?? 'chromium', [
    '--headless', '--no-sandbox', '--hide-scrollbars', '--default-background-color=00000000', `--window-size=${size},${size}`,
    `--screenshot=${new URL(`../public/${name}.png`, import.meta.url).pathname}`, `file://${page}`,
  ], { stdio: 'ignore' })
}
