import { useEffect } from 'preact/hooks'
import { language, t } from './i18n/index.ts'
import { announcement, dismissAnnouncement } from './model/announcements.ts'
import { chosen } from './model/choice.ts'
import { devicePlans, heldBack } from './model/deviceplans.ts'
import { news } from './model/news.ts'
import { notify } from './model/notice.ts'
import { lectures, redo, store, undo } from './model/plans.ts'
import { online, open, openDialog, view, wide, type View } from './model/screen.ts'
import { signedIn, user } from './model/session.ts'
import { AccountView, Deleting } from './views/accountview.tsx'
import { Dialogs } from './views/dialogs.tsx'
import { Icon, IconButton, type IconName } from './views/icon.tsx'
import { Lectures } from './views/lectures.tsx'
import { NoticeBar } from './views/notice.tsx'
import { Search } from './views/search.tsx'
import { Timetable } from './views/timetable.tsx'
import { Welcome } from './views/welcome.tsx'

export function App() {
  useEffect(() => {
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])
  return (
    <>
      {chosen.value ? <Frame /> : <Welcome />}
      <NoticeBar />
      <Dialogs />
    </>
  )
}

/** Ctrl+Z and Ctrl+Shift+Z, except in text that the student types. */
function onKey(event: KeyboardEvent): void {
  if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'z' || (event.target as Element).closest('input, dialog')) return
  event.preventDefault()
  if (event.shiftKey) redo()
  else undo()
}

function Frame() {
  const words = t.value
  // On a wide screen the timetable is always there, with one of the others beside it.
  const panel: View = wide.value && view.value === 'timetable' ? 'search' : view.value
  const { school, semester } = chosen.value!
  return (
    <div class="app" data-view={view.value}>
      <a class="skip" href="#content" onClick={(event) => { event.preventDefault(); document.getElementById('content')?.focus() }}>{words.skip}</a>
      <header class="bar">
        <h1 class="brand"><img src="/icon.svg" alt="" width="28" height="28" /><span>HeekTime</span></h1>
        <button type="button" class="semester" aria-haspopup="dialog" onClick={() => openDialog({ name: 'semester' })}>
          <span class="semester-school">{school.name}</span> <span>{words.semester(semester.year, semester.term)}</span> <Icon name="down" />
        </button>
        <span class="spacer" />
        <SaveState />
        <IconButton icon="user" label={signedIn.value ? words.account : words.signIn} class="wide-only" aria-pressed={view.value === 'account'} onClick={() => open(view.value === 'account' ? 'timetable' : 'account')} />
      </header>
      <Announcement />
      <main id="content" tabIndex={-1}>
        <Timetable />
        {panel !== 'timetable' && (
          <aside class="panel" aria-label={words[panel]}>
            {wide.value && <PanelTabs panel={panel} />}
            {panel === 'search' && <Search />}
            {panel === 'lectures' && <Lectures />}
            {panel === 'account' && <AccountView />}
          </aside>
        )}
      </main>
      {!wide.value && <Tabs />}
    </div>
  )
}

/** Whether the student's work is safe, in a few words. */
function SaveState() {
  const words = t.value
  if (store.value.unsaved.value || (signedIn.value && devicePlans().length > 0)) {
    return (
      <span role="status">
        <button type="button" class="state waiting" title={words.offlineHint} onClick={() => notify({ kind: 'done', text: words.offlineHint })}><Icon name="offline" /> {words.unsaved}</button>
      </span>
    )
  }
  if (!online.value) return <span class="state waiting" role="status"><Icon name="offline" /> {words.offline}</span>
  if (store.value.kind === 'account') return <span class="state" role="status"><Icon name="check" /> <span class="wide-only">{words.saved}</span></span>
  return lectures.value.length > 0 ? <button type="button" class="state" aria-label={words.onDevice} title={words.onDevice} onClick={() => openDialog({ name: 'signin' })}><Icon name="device" /> <span class="wide-only">{words.onDevice}</span></button> : null
}

function Announcement() {
  const now = announcement.value
  const deletion = user.value?.deletion
  if (deletion !== undefined && view.value !== 'account') return <div class="deletion"><Deleting until={deletion} /></div>
  const words = t.value
  if (heldBack.value !== undefined) return <div class="announcement" role="status"><p>{words.heldBack(heldBack.value)}</p></div>
  if (!now) return null
  return (
    <div class="announcement" role="region" aria-label={words.announcement}>
      <p>{language.value === 'ko' ? now.korean : now.english}</p>
      <IconButton icon="close" label={words.dismiss} onClick={() => dismissAnnouncement(now.id)} />
    </div>
  )
}

const tabs: readonly { name: View; icon: IconName }[] = [
  { name: 'timetable', icon: 'calendar' }, { name: 'search', icon: 'search' }, { name: 'lectures', icon: 'list' }, { name: 'account', icon: 'user' },
]

/** The views of a phone. */
function Tabs() {
  const words = t.value
  return (
    <nav class="tabs" aria-label={words.main}>
      {tabs.map(({ name, icon }) => (
        <button key={name} type="button" aria-current={view.value === name ? 'page' : undefined} onClick={() => open(name)}>
          <Icon name={icon} /><span>{words[name]}</span>
          {name === 'lectures' && news.value.length > 0 && <span class="badge" aria-label={words.newsOf(news.value.length)}>{news.value.length}</span>}
        </button>
      ))}
    </nav>
  )
}

/** What is beside the timetable. */
function PanelTabs({ panel }: { panel: View }) {
  const words = t.value
  return (
    <nav class="panel-tabs" aria-label={words.main}>
      {tabs.slice(1).map(({ name }) => (
        <button key={name} type="button" aria-current={panel === name ? 'page' : undefined} onClick={() => open(name)}>
          {words[name]}{name === 'lectures' && <span class="badge">{lectures.value.length}</span>}
        </button>
      ))}
    </nav>
  )
}
