// Package web holds the web app as the binary carries it: the built files and the map style.
//
// The built files come from `npm run build` in this folder. A checkout that was never built still compiles:
// dist then holds nothing but a placeholder, and the caller finds no index.html.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Style is the MapLibre style of the atlas (style specification 8). Its one source, "divisions", points to
// /tiles/divisions.json; a server that publishes the style to others rewrites that to an absolute address.
// QGIS reads the same file, so expressions on attributes are limited to match, step and literals.
//
//go:embed style.json
var Style []byte

// Files returns the built web app, rooted so that index.html and assets/ are at the top.
// Without a build it holds only .gitkeep.
func Files() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // "dist" is a literal that go:embed has checked at build time
	}
	return sub
}
