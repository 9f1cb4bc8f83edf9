import { language, t } from '../i18n/index.ts'
import { openDialog } from '../model/screen.ts'
import { signedIn, user } from '../model/session.ts'
import { Deleting, signOut } from './accountview.tsx'
import { Semesters } from './semesters.tsx'

/** The first visit: choose a school and begin. */
export function Welcome() {
  const words = t.value
  return (
    <main class="welcome" id="content">
      <div class="welcome-card">
        <img src="/icon.svg" alt="" width="56" height="56" />
        <h1>{words.welcome}</h1>
        <p>{signedIn.value && user.value ? words.signedInAs(user.value.id) : words.welcomeHint}</p>
        {user.value?.deletion !== undefined && <Deleting until={user.value.deletion} />}
        <Semesters done={() => {}} />
      </div>
      <div class="welcome-foot">
        {signedIn.value && <button type="button" class="plain" onClick={() => void signOut()}>{words.signOut}</button>}
        {user.value === null && <button type="button" class="plain" onClick={() => openDialog({ name: 'signin' })}>{words.haveAccount}</button>}
        <button type="button" class="plain" lang={language.value === 'ko' ? 'en' : 'ko'} onClick={() => { language.value = language.value === 'ko' ? 'en' : 'ko' }}>{language.value === 'ko' ? words.english : words.korean}</button>
      </div>
    </main>
  )
}
