package shp

import (
	"bufio"
	"io"
	"path/filepath"
)

// index walks the offsets of the .shx.
type index struct {
	r    *bufio.Reader
	left int64
}

// next returns the byte offset of the next shape; ok is false after the last.
func (x *index) next() (at int64, ok bool, err error) {
	if x.left == 0 {
		return 0, false, nil
	}
	x.left--
	var b [8]byte
	if _, err := io.ReadFull(x.r, b[:]); err != nil {
		return 0, false, err
	}
	return int64(be32(b[:])) * 2, true, nil
}

// openIndex opens the .shx. Without one, or with one that is not an index, the shapes are read in sequence and
// a finding says so.
func (r *reader) openIndex(siblings map[string]string) error {
	path, ok := siblings[".shx"]
	if !ok {
		r.add(noIndex(r.shpName))
		return nil
	}
	f, size, err := r.open(path)
	if err != nil {
		return err
	}
	name := filepath.Base(path)
	var h [headerBytes]byte
	if size < headerBytes {
		r.add(badIndex(name, size))
		return nil
	}
	if _, err := f.ReadAt(h[:], 0); err != nil {
		return err
	}
	if be32(h[:]) != fileCode {
		r.add(badIndex(name, size))
		return nil
	}
	declared := int64(be32(h[24:])) * 2
	if declared != size || size%8 != headerBytes%8 {
		// An index that is not whole would hide shapes; the shapes themselves tell where they end.
		r.add(badIndex(name, size))
		return nil
	}
	if _, err := f.Seek(headerBytes, io.SeekStart); err != nil {
		return err
	}
	r.index = &index{r: bufio.NewReaderSize(f, 64<<10), left: (size - headerBytes) / 8}
	return nil
}
