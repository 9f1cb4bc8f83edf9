// Package managedexport reads and writes Firestore's managed exports: what `gcloud firestore export` leaves in a
// bucket, and what the official emulator exports.
//
// An export is a folder. NAME.overall_export_metadata, a LevelDB log, names a metadata file for each kind of
// documents; each of those names output files, LevelDB logs as well, with an EntityProto of Datastore for each
// document. Production has a kind for each collection and several output files; the official emulator and this
// package write one kind for everything, with one output file.
//
// Sources: https://cloud.google.com/datastore/docs/export-import-entities, the App Engine SDK's public
// entity_v3.proto, and recordings of the official emulator 1.22 that the project hidane publishes.
package managedexport

// The numbers of fields. A group of a path element is in [elementNumbers].
const (
	entityKey         = 13
	entityProperty    = 14 // indexed in production, an empty array here
	entityRawProperty = 15
	entityGroup       = 16

	keyApp      = 13
	keyPath     = 14
	keyDatabase = 23

	propertyMeaning  = 1
	propertyName     = 3
	propertyMultiple = 4
	propertyValue    = 5

	valueInt       = 1
	valueBool      = 2
	valueString    = 3
	valueDouble    = 4
	valuePoint     = 5
	pointX         = 6
	pointY         = 7
	valueReference = 12
)

// What a property's value means beyond its type.
const (
	meaningTime       = 7 // microseconds
	meaningPoint      = 9
	meaningBlob       = 14
	meaningText       = 15 // a text that is not indexed
	meaningByteString = 16
	meaningEntity     = 19
	meaningEmptyList  = 24
)

const (
	defaultDatabase = "(default)"
	// appPrefix is that of the official emulator's app IDs. Production has s~.
	appPrefix = "dev~"
	// vectorName is the name of all properties of the entity that stands for a vector.
	vectorName = "__vector__"
	// formatVersion is the first record of the overall metadata.
	formatVersion = 0x33
)
