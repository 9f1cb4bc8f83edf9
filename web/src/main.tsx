import './styles/base.css'
import './styles/controls.css'
import './styles/frame.css'
import './styles/grid.css'
import './styles/panel.css'
import './styles/dialog.css'
import './styles/print.css'
import { render } from 'preact'
import { App } from './app.tsx'
import './model/pushmessages.ts'
import { resume } from './model/session.ts'
import { usePalette } from './styles/palette.ts'

usePalette()
render(<App />, document.getElementById('app')!)
resume().catch((error: unknown) => console.error(error))

if (import.meta.env.PROD && 'serviceWorker' in navigator) navigator.serviceWorker.register('/sw.js').catch((error: unknown) => console.error(error))
