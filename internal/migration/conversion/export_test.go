package conversion

// AsRead converts fields that are to be written to what the client returns when it reads them.
var AsRead = asRead

// Clip is clip.
var Clip = clip
