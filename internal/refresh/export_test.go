package refresh

// CountFailing is count.
var CountFailing = count
