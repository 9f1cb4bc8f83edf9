import './styles/base.css'
import './styles/controls.css'
import './styles/frame.css'
import './styles/palette.css'
import './styles/grid.css'
import './styles/panel.css'
import './styles/dialog.css'
import './styles/print.css'
import { effect } from '@preact/signals'
import { render } from 'preact'
import { App } from './app.tsx'
import { listState } from './model/catalog.ts'
import './model/pushmessages.ts'
import { resume } from './model/session.ts'

render(<App />, document.getElementById('app')!)
void resume()

// The service worker loads everything that the app may need later. What the student waits for comes first.
let isKept = false
function keepFiles(): void {
  if (isKept || !import.meta.env.PROD || !('serviceWorker' in navigator)) return
  isKept = true
  navigator.serviceWorker.register('/sw.js').catch((error: unknown) => console.error(error))
}
effect(() => { if (listState.value === 'ready') setTimeout(keepFiles) })
setTimeout(keepFiles, 10_000)
