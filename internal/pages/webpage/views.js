// Counts a view of this page for the owner of the timetable. Sends no cookie and no identifier.
(async () => {
  const { user, timetable, owner } = document.currentScript.dataset;

  // Firebase Authentication keeps the signed-in user in this database. The owner's own views do not count.
  async function signedIn() {
    const name = "firebaseLocalStorageDb";
    const databases = await indexedDB.databases();
    if (!databases.some((database) => database.name === name)) return [];
    const database = await new Promise((resolve, reject) => {
      const request = indexedDB.open(name);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const entries = await new Promise((resolve, reject) => {
      const request = database.transaction("firebaseLocalStorage").objectStore("firebaseLocalStorage").getAll();
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    database.close();
    return entries.map((entry) => entry.value?.uid);
  }

  const users = await signedIn().catch(() => []);
  if (users.includes(owner)) return;
  const send = () => navigator.sendBeacon("/views", new URLSearchParams({ user, timetable }));
  if (document.visibilityState === "visible") send();
  else document.addEventListener("visibilitychange", send, { once: true }); // a page that was loaded in advance
})();
