import { useEffect } from 'preact/hooks'
import { t } from '../i18n/index.ts'
import { commonFreeTime } from '../logic/freetime.ts'
import { formatMinutes } from '../logic/timeslots.ts'
import { addFriend, compared, compareFriend, followers, friends, friendStates, maxCompared, mayAddFriend, removeFriend, showFriends, type Friend } from '../model/friends.ts'
import { lectures } from '../model/plans.ts'
import { signedIn } from '../model/session.ts'
import { Dialog } from './dialog.tsx'
import { Grid } from './grid.tsx'
import { Icon, IconButton } from './icon.tsx'
import { leaveRow } from './leaverow.ts'

/** Friends, and when the student and up to four of them are free. */
export function FriendsDialog() {
  const words = t.value
  useEffect(showFriends, [signedIn.value])
  const shown = compared.value.flatMap(({ key }) => {
    const state = friendStates.value[key]
    return typeof state === 'object' ? [state] : []
  })
  const free = commonFreeTime([lectures.value, ...shown.map((friend) => friend.lectures)].map((of) => of.flatMap((lecture) => lecture.times)))
  return (
    <Dialog title={words.friends}>
      <div class="form">
        <p class="hint">{words.friendsHint}</p>
        {signedIn.value && followers.value !== undefined && <p class="hint">{words.followers(followers.value)}</p>}
        {mayAddFriend.value && <FriendForm />}
        <ul class="wishes" aria-label={words.friendList}>
          {friends.value.map((friend) => <FriendRow key={friend.key} friend={friend} />)}
        </ul>
        {shown.length > 0 && (
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

function FriendRow({ friend }: { friend: Friend }) {
  const words = t.value
  const isCompared = compared.value.includes(friend)
  const state = friendStates.value[friend.key] ?? (isCompared ? 'loading' : undefined)
  const problem = typeof state !== 'string' ? undefined : {
    loading: words.loading, unknown: friend.uid ? words.friendGone : words.friendUnknown, self: words.friendSelf, private: words.friendPrivate,
    failed: words.friendFailed, waiting: words.friendWaiting,
  }[state]
  const name = friend.name ?? '…'
  return (
    <li class="chip">
      {friends.value.length > maxCompared && (
        <input
          type="checkbox" aria-label={words.compareFriend(name)} checked={isCompared} disabled={!isCompared && compared.value.length >= maxCompared}
          onChange={() => compareFriend(friend, !isCompared)}
        />
      )}
      <span role={problem ? 'status' : undefined}>{problem ? `${name}: ${problem}` : name}</span>
      <IconButton icon="close" label={words.removeFriend(name)} onClick={(event) => { leaveRow(event); removeFriend(friend) }} />
    </li>
  )
}
