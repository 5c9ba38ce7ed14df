package exchange

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"yutu/data/exchange/shp"
	"yutu/geo"
)

type format uint8

const (
	formatGeoJSON format = 1 + iota
	formatShapefile
	formatGeoPackage
)

// maxFileBytes is the largest file that is read; what is in memory is a small multiple of it.
const maxFileBytes = 4 << 30

// detect says what the file at path is. A finding says why it is nothing that can be read.
func detect(path string) (format, *geo.Finding, error) {
	name := filepath.Base(path)
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, found(fileMissing(name)), nil
	case errors.Is(err, fs.ErrPermission):
		return 0, found(fileForbidden(name)), nil
	case err != nil:
		return 0, nil, err
	case st.IsDir():
		return 0, found(fileIsFolder(name, divisionsFilesIn(path))), nil
	case !st.Mode().IsRegular():
		return 0, found(fileKind(name, st.Mode().Type().String())), nil
	case st.Size() == 0:
		return 0, found(fileEmpty(name)), nil
	case st.Size() > maxFileBytes:
		return 0, found(fileTooLarge(name, st.Size(), maxFileBytes)), nil
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrPermission) {
		return 0, found(fileForbidden(name)), nil
	} else if err != nil {
		return 0, nil, err
	}
	defer f.Close()
	head := make([]byte, 4096)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, nil, err
	}
	return sniff(name, path, head[:n])
}

func found(f geo.Finding) *geo.Finding { return &f }

func sniff(name, path string, head []byte) (format, *geo.Finding, error) {
	ext := strings.ToLower(filepath.Ext(name))
	if sibling := ext == ".dbf" || ext == ".shx" || ext == ".prj" || ext == ".cpg"; sibling {
		if have, err := shp.Siblings(path); err == nil && have[".shp"] != "" {
			return 0, found(fileIsSibling(name, filepath.Base(have[".shp"]))), nil
		}
		return 0, found(fileKind(name, ext)), nil
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n\x1e")
	switch {
	case bytes.HasPrefix(head, []byte("SQLite format 3\x00")):
		return formatGeoPackage, nil, nil
	case bytes.HasPrefix(head, []byte{0, 0, 0x27, 0x0a}):
		return formatShapefile, nil, nil
	case len(text) > 0 && text[0] == '{':
		return formatGeoJSON, nil, nil
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return 0, found(fileIsArchive(name, "ZIP")), nil
	case bytes.HasPrefix(head, []byte("Rar!")):
		return 0, found(fileIsArchive(name, "RAR")), nil
	case bytes.HasPrefix(head, []byte("7z\xbc\xaf")):
		return 0, found(fileIsArchive(name, "7z")), nil
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		return 0, found(fileIsArchive(name, "gzip")), nil
	case ext == ".shp":
		// Too short or damaged for its own mark: the reader says which.
		return formatShapefile, nil, nil
	case len(text) > 0 && text[0] == '<':
		return 0, found(fileKind(name, "XML (KML, GML)")), nil
	case len(text) > 0 && text[0] == '[':
		return 0, found(fileKind(name, "JSON")), nil
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return 0, found(fileKind(name, "UTF-16")), nil
	case ext == ".gpkg":
		return 0, found(fileDamaged(name, "GeoPackage")), nil
	case ext == ".json", ext == ".geojson", ext == ".geojsonl", ext == ".geojsons", ext == ".ndjson":
		return 0, found(fileDamaged(name, "GeoJSON")), nil
	}
	return 0, found(fileKind(name, ext)), nil
}

// divisionsFilesIn names files in a folder that could have been meant.
func divisionsFilesIn(dir string) []string {
	var out []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		switch strings.ToLower(filepath.Ext(e.Name())) {
		case ".shp", ".gpkg", ".geojson", ".json", ".geojsonl", ".geojsons":
			if out = append(out, e.Name()); len(out) == 10 {
				return out
			}
		}
	}
	return out
}

// splitLayer takes "file.gpkg#layer" apart; a file whose own name holds a # stays whole.
func splitLayer(path string) (file, layer string) {
	if _, err := os.Stat(path); err == nil {
		return path, ""
	}
	if i := strings.LastIndexByte(path, '#'); i > 0 {
		return path[:i], path[i+1:]
	}
	return path, ""
}
