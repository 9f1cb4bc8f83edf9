import { useEffect } from 'preact/hooks'
import { t } from '../i18n/index.ts'
import { commonFreeTime } from '../logic/freetime.ts'
import { formatMinutes } from '../logic/timeslots.ts'
import { addFriend, friends, friendStates, loadFriends, maxFriends, removeFriend } from '../model/friends.ts'
import { lectures } from '../model/plans.ts'
import { Dialog } from './dialog.tsx'
import { Grid } from './grid.tsx'
import { Icon, IconButton } from './icon.tsx'

/** When the student and up to four friends are free. */
export function FriendsDialog() {
  const words = t.value
  useEffect(() => { void loadFriends() }, [])
  const compared = friends.value.flatMap((name) => {
    const state = friendStates.value[name]
    return typeof state === 'object' ? [state] : []
  })
  const free = commonFreeTime([lectures.value, ...compared.map((friend) => friend.lectures)].map((of) => of.flatMap((lecture) => lecture.times)))
  return (
    <Dialog title={words.friends}>
      <div class="form">
        <p class="hint">{words.friendsHint}</p>
        {friends.value.length < maxFriends && <FriendForm />}
        <ul class="wishes" aria-label={words.friendList}>
          {friends.value.map((name) => <Friend key={name} name={name} />)}
        </ul>
        {compared.length > 0 && (
          <>
            <h3>{words.commonFree}</h3>
            {free.length === 0 && <p role="status">{words.noCommonFree}</p>}
            <ul>
              {words.days.map((day, weekday) => free.some((slot) => slot.weekday === weekday) && (
                <li key={day}>{day} {free.filter((slot) => slot.weekday === weekday).map((slot) => `${formatMinutes(slot.timeBegin)}–${formatMinutes(slot.timeEnd)}`).join(', ')}</li>
              ))}
            </ul>
            <Grid label={words.commonFree} lectures={lectures.value} area={free} />
          </>
        )}
      </div>
    </Dialog>
  )
}

function FriendForm() {
  const words = t.value
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    void addFriend(String(new FormData(form).get('username')).trim())
    form.reset()
  }
  return (
    <form class="rename" onSubmit={submit}>
      <label class="field">{words.friendName}<input name="username" required autocomplete="off" autocapitalize="none" spellcheck={false} /></label>
      <button type="submit" class="primary"><Icon name="plus" /> {words.addFriend}</button>
    </form>
  )
}

function Friend({ name }: { name: string }) {
  const words = t.value
  const state = friendStates.value[name] ?? 'loading'
  const problem = typeof state === 'object' ? undefined : { loading: words.loading, unknown: words.friendUnknown, private: words.friendPrivate, failed: words.friendFailed }[state]
  return (
    <li class="chip">
      <span role={problem ? 'status' : undefined}>{problem ? `${name}: ${problem}` : name}</span>
      <IconButton icon="close" label={words.removeFriend(name)} onClick={() => removeFriend(name)} />
    </li>
  )
}
