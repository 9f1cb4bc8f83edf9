package firebasejson

// known says of a key of firebase.json what becomes of it.
type known string

const (
	// used keys have an effect, and keys of their own that are looked at.
	used known = ""
	// free keys have an effect, and what is below them has names of the user's.
	free known = "free"
	// elsewhere are keys that concern deployments or other tools. The official suite has no use for them
	// either, so nobody misses anything.
	elsewhere known = "elsewhere"
	// Any other text says why the key has no effect here, and what to do instead.
)

// keys are all keys of the Firebase CLI's schema, and the few that it lacks. The elements of a list have the
// keys of the list. Source: schema/firebase-config.json of firebase-tools 15.34; a test compares them.
var keys = map[string]known{
	"$schema": elsewhere,
	"flutter": elsewhere, // FlutterFire's own

	"firestore":                used,
	"firestore.rules":          used,
	"firestore.indexes":        used,
	"firestore.database":       used,
	"firestore.target":         used,
	"firestore.location":       elsewhere,
	"firestore.edition":        "databases are of the standard edition here",
	"firestore.dataAccessMode": "databases are Firestore in native mode here",
	"firestore.predeploy":      elsewhere,
	"firestore.postdeploy":     elsewhere,

	"storage":            used,
	"storage.rules":      used,
	"storage.bucket":     used,
	"storage.target":     used,
	"storage.predeploy":  elsewhere,
	"storage.postdeploy": elsewhere,

	"hosting":                       used,
	"hosting.public":                used,
	"hosting.site":                  used,
	"hosting.target":                used,
	"hosting.ignore":                used,
	"hosting.cleanUrls":             used,
	"hosting.trailingSlash":         used,
	"hosting.headers":               used,
	"hosting.headers.glob":          used,
	"hosting.headers.source":        used,
	"hosting.headers.regex":         used,
	"hosting.headers.headers":       used,
	"hosting.headers.headers.key":   used,
	"hosting.headers.headers.value": used,
	"hosting.redirects":             used,
	"hosting.redirects.glob":        used,
	"hosting.redirects.source":      used,
	"hosting.redirects.regex":       used,
	"hosting.redirects.destination": used,
	"hosting.redirects.type":        used,
	"hosting.rewrites":              used,
	"hosting.rewrites.glob":         used,
	"hosting.rewrites.source":       used,
	"hosting.rewrites.regex":        used,
	"hosting.rewrites.destination":  used,
	"hosting.rewrites.function":     free,
	"hosting.rewrites.region":       elsewhere,
	"hosting.rewrites.run":          free,
	"hosting.rewrites.dynamicLinks": "the rewrite is left out: Dynamic Links ended in 2025",
	"hosting.source":                "web frameworks are not built here: build the app, and name the folder in \"public\"",
	"hosting.frameworksBackend":     "web frameworks are not built here",
	"hosting.i18n":                  "pages for languages and countries are not chosen here",
	"hosting.appAssociation":        "the files of app links are not made here: put them into the folder",
	"hosting.predeploy":             elsewhere,
	"hosting.postdeploy":            elsewhere,

	"emulators":                         used,
	"emulators.auth":                    used,
	"emulators.auth.host":               used,
	"emulators.auth.port":               used,
	"emulators.firestore":               used,
	"emulators.firestore.host":          used,
	"emulators.firestore.port":          used,
	"emulators.firestore.websocketPort": "only the official suite's own page uses it",
	"emulators.firestore.edition":       "databases are of the standard edition here",
	"emulators.functions":               used,
	"emulators.functions.host":          used,
	"emulators.functions.port":          used,
	"emulators.hosting":                 used,
	"emulators.hosting.host":            used,
	"emulators.hosting.port":            used,
	"emulators.hub":                     used,
	"emulators.hub.host":                used,
	"emulators.hub.port":                used,
	"emulators.messaging":               used, // not in the schema, which has no emulator of it
	"emulators.messaging.host":          used,
	"emulators.messaging.port":          used,
	"emulators.storage":                 used,
	"emulators.storage.host":            used,
	"emulators.storage.port":            used,
	"emulators.tasks":                   used,
	"emulators.tasks.host":              used,
	"emulators.tasks.port":              used,
	"emulators.ui":                      used,
	"emulators.ui.enabled":              used,
	"emulators.ui.host":                 used,
	"emulators.ui.port":                 used,
	"emulators.singleProjectMode":       used,
	"emulators.apphosting":              "App Hosting is not emulated: start your server, or use the official suite",
	"emulators.database":                "the Realtime Database is not emulated: use the official suite",
	"emulators.dataconnect":             "Data Connect is not emulated: use the official suite",
	"emulators.eventarc":                "custom events are not emulated: use the official suite",
	"emulators.extensions":              "extensions are not emulated: use the official suite",
	"emulators.logging":                 "there is no stream of logs: they are on standard error",
	"emulators.pubsub":                  "Pub/Sub is not emulated: use Google's emulator or the official suite",

	"ailogic":      "Firebase AI Logic is not emulated",
	"apphosting":   "App Hosting is not emulated: start your server yourself",
	"auth":         "every provider is enabled here",
	"database":     "the Realtime Database is not emulated: use the official suite",
	"dataconnect":  "Data Connect is not emulated: use the official suite",
	"extensions":   "extensions are not emulated: use the official suite",
	"functions":    "functions do not run here: serve them over HTTP and name them with --triggers or --function, or use the official suite",
	"remoteconfig": "Remote Config is not emulated",
	"run":          "Cloud Run services are not built here: start them yourself",
}
