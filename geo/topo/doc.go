// Package topo is the topology of areas that share borders.
//
// A Mesh takes areas of several ranks and dates and finds the arcs that their rings have in common: a vertex
// at which more than two edges meet is a node, and an arc is the run of vertices between two nodes. Each arc is
// projected and simplified once for everybody who uses it, so that neighbours, and a unit and the units within
// it, never gap or overlap at any zoom. A Mesh is immutable; Replace makes the next one at the cost of the change.
//
// Vertices are the same when their coordinates are equal on the grid of 1e-9 degree. Borders that nearly
// coincide stay two borders: making them one is a decision about the data, not about drawing it.
//
// Union, Split and Reroute change areas themselves: they drop, draw and move borders without moving any other vertex,
// and refuse with the place and the reason what would leave a gap, an overlap or an area that is not valid. Their
// shapes share borders vertex for vertex, before and after.
//
// LabelPoint finds the place in an area where its name stands best. Validity of rings is in topo/valid.
package topo
