// Package atlas is the county in memory: an immutable [Snapshot] of all divisions in all their versions, which
// follows the database's change log. Tiles, search, locate and the OGC items are answered from it without SQL.
//
// One goroutine ([Atlas.Run]) reads the log and swaps in a new snapshot; a reader takes [Atlas.Snapshot] once and
// sees one consistent state for as long as it likes. A new snapshot shares everything with the old one that
// the change did not touch. When the database is away, reads go on from the last snapshot and [Atlas.Health] says so.
//
// Whoever asks for many points takes a [Locator], a raster over the units in force that is built at the first request
// for a date ([Snapshot.Locator]); [Batch] does so for tables of any length. A single point goes through the trees.
//
// Only records with secrecy "public" enter the atlas, because there is no sign-in yet that could tell who may see
// more. A unit that stops being public disappears from the next snapshot as if it had been deleted.
//
// Positions are lon, lat in degrees, CGCS2000, on the grid of crs.Quantum.
package atlas
