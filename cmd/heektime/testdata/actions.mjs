// Plays the actions of docs/cost.md: the reference client's functions, and those of a released client, which begin with
// "released".
import reference from '../../../internal/tests/webclient/reference.mjs'
import released from '../../../internal/tests/webclient/client.mjs'

export default (firebase) => {
  const app = released(firebase)
  // Waits until a listener of the released client has the server's state.
  const settled = async (name) => {
    for (let seen = 0; ;) {
      const events = await app.eventsAfter(name, seen)
      seen += events.length
      const { fromCache, pending, error } = events.at(-1)
      if (error) throw new Error(`${name}: ${error}`)
      if (!fromCache && !pending) return
    }
  }
  const listeners = ['user', 'timetables', 'timetable', 'lectures']
  const client = reference(firebase)
  return {
    ...client,
    // Adds some lectures and removes one without a pause, and sends that.
    changeLectures(name, add, remove) {
      for (const [id, lecture] of Object.entries(add)) client.addLecture(name, id, lecture)
      client.removeLecture(name, remove)
      return client.sendChanges(name)
    },
    releasedStart: app.start,
    releasedSignIn: app.signIn,
    // Opens the app: the user, the list of timetables, and one timetable with its lectures and its semester.
    async releasedOpen(uid, id, semester) {
      app.listenTo('user', `users/${uid}`)
      app.listenToTimetables('timetables', uid)
      app.listenTo('timetable', `users/${uid}/timetables/${id}`)
      app.listenToAll('lectures', `users/${uid}/timetables/${id}/lectures`)
      await Promise.all(listeners.map(settled))
      await app.get(semester)
    },
    // Leaves the app and comes back, as iOS does with its cache on disk.
    async releasedReturn() {
      const before = app.eventCounts()
      await app.offline()
      await app.online()
      await Promise.all(listeners.map(async (name) => {
        for (let seen = before[name]; ;) {
          const events = await app.eventsAfter(name, seen)
          seen += events.length
          if (!events.at(-1).fromCache) return
        }
      }))
    },
    releasedLoad: async (semester) => (await app.loadLectures((await app.get(semester)).data.lecturesUrl)).length,
    releasedFind: async (username) => (await app.usersNamed(username)).length,
    async releasedView(uid, id, semester) {
      for (const name of listeners) app.stopListening(name)
      app.listenTo('other', `users/${uid}/timetables/${id}`)
      app.listenToAll('others', `users/${uid}/timetables/${id}/lectures`)
      await Promise.all(['other', 'others'].map(settled))
    },
    // Stops listening, and waits until the server has noticed: it handles the requests of a stream in order.
    async releasedClose() {
      for (const name of ['other', 'others']) app.stopListening(name)
      await app.get('schools/none')
    },
  }
}
