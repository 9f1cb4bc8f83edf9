import { useEffect, useState } from 'preact/hooks'
import { t } from '../i18n/index.ts'
import { lettersOf, spell } from '../logic/letters.ts'
import { matchLetters, wantedOf } from '../logic/match.ts'
import { chosen } from '../model/choice.ts'
import { schools as allSchools, semestersOf } from '../model/schools.ts'
import type { School, Semester } from '../model/types.ts'
import { Icon } from './icon.tsx'

/** Chooses a school, then a semester. */
export function Semesters({ done }: { done: () => void }) {
  const words = t.value
  const [schools, setSchools] = useState<readonly School[]>()
  const [school, setSchool] = useState<School | undefined>(chosen.value?.school)
  const [semesters, setSemesters] = useState<readonly Semester[]>()
  const [failed, setFailed] = useState(false)
  const [name, setName] = useState('')
  const [attempt, setAttempt] = useState(0)
  useEffect(() => {
    setFailed(false)
    allSchools().then(setSchools, () => setFailed(true))
  }, [attempt])
  useEffect(() => {
    if (!school) return
    setSemesters(undefined)
    setFailed(false)
    semestersOf(school.id).then(setSemesters, () => setFailed(true))
  }, [school, attempt])

  if (failed) {
    return (
      <div class="blank" role="alert">
        <p>{words.schoolsFailed}</p>
        <div class="actions"><button type="button" onClick={() => setAttempt(attempt + 1)}>{words.retry}</button></div>
      </div>
    )
  }
  if (!school) {
    const wanted = wantedOf(lettersOf(name))
    const shown = schools?.filter((one) => wanted.letters === '' || matchLetters(wanted, spell(one.name)))
    return (
      <div class="picker">
        <strong id="picker">{words.chooseSchool}</strong>
        {schools && schools.length > 6 && <input type="search" placeholder={words.findSchool} aria-label={words.findSchool} value={name} onInput={(event) => setName(event.currentTarget.value)} />}
        {!shown && <Waiting />}
        <ul aria-labelledby="picker">
          {shown?.map((one) => <li key={one.id}><button type="button" class="choice next" onClick={() => setSchool(one)}>{one.name}<Icon name="down" /></button></li>)}
        </ul>
        {shown?.length === 0 && <p class="hint">{words.noSchool}</p>}
      </div>
    )
  }
  return (
    <div class="picker">
      <div class="picker-school"><strong>{school.name}</strong> <button type="button" class="plain" onClick={() => setSchool(undefined)}>{words.back}</button></div>
      <strong id="picker">{words.chooseSemester}</strong>
      {!semesters && <Waiting />}
      <ul aria-labelledby="picker">
        {semesters?.map((semester) => (
          <li key={semester.path}>
            <button type="button" class="choice" aria-current={semester.path === chosen.value?.semester.path} onClick={() => { chosen.value = { school, semester }; done() }}>
              {words.semester(semester.year, semester.term)}{semester.path === chosen.value?.semester.path && <Icon name="check" />}
            </button>
          </li>
        ))}
      </ul>
      {semesters?.length === 0 && <p class="hint">{words.noSemesters}</p>}
    </div>
  )
}

function Waiting() {
  return <div class="skeleton low" role="status" aria-label={t.value.loading}><span /><span /><span /></div>
}
