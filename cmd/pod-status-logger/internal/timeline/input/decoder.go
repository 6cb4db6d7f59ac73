package input

import (
	"bytes"
	"maps"
	"strings"
	"time"
)

// decoder decodes lines.
type decoder struct {
	byKey       map[string]setter // stdout, VictoriaLogs
	byAttribute map[string]setter // OTLP
	byLabel     map[string]setter // Loki replaces the dots in the names of attributes
}

func newDecoder() *decoder {
	d := &decoder{byKey: setters(), byAttribute: attributeSetters(), byLabel: map[string]setter{}}
	for _, key := range []string{attrBundleID, attrBundleName, attrBundleVersion} {
		d.byAttribute[key] = d.byKey[key]
	}
	maps.Copy(d.byLabel, d.byKey)
	for key, set := range d.byAttribute {
		d.byLabel[strings.ReplaceAll(key, ".", "_")] = set
	}
	return d
}

// kind is the kind of a line that is a JSON object.
type kind uint8

const (
	other kind = iota
	flat
	otlpJSON
	loki      // logcli query -o jsonl
	dockerLog // Docker's log files
	watched   // kubectl get -w -o json
)

// parts are members of the objects in which stores and container runtimes put records.
type parts struct{ resourceLogs, labels, line, timestamp, log, stream, event, object []byte }

func (p *parts) byName(name []byte) *[]byte {
	switch string(name) {
	case "resourceLogs":
		return &p.resourceLogs
	case "labels":
		return &p.labels
	case "line":
		return &p.line
	case "timestamp":
		return &p.timestamp
	case "log":
		return &p.log
	case "stream":
		return &p.stream
	case "type":
		return &p.event
	case "object":
		return &p.object
	}
	return nil
}

// object reads the records in a JSON object. It returns none for an object that is something else, such as a line
// of the program's own log.
func (d *decoder) object(line []byte) (records []Record, is kind, err error) {
	var r Record
	var p parts
	err = members(line, func(key, value []byte) {
		name := key[1 : len(key)-1]
		if part := p.byName(name); part != nil {
			*part = value
		}
		if set := d.byKey[string(name)]; set != nil {
			set(&r, unquote(value))
		}
	})
	switch {
	case err != nil:
		return nil, other, err
	case p.resourceLogs != nil:
		records, err = d.otlp(line)
		return records, otlpJSON, err
	case r.Action != "":
		return []Record{r}, flat, nil
	case p.line != nil && p.labels != nil:
		records, err = d.loki(&p)
		return records, loki, err
	case p.log != nil && p.stream != nil:
		records, err = d.nested(p.log)
		return records, dockerLog, err
	case p.event != nil && p.object != nil:
		return nil, watched, nil
	}
	return nil, other, nil
}

// loki reads a line of logcli. The record is in the line if a log agent sent stdout, or in the labels if Loki
// received OTLP.
func (d *decoder) loki(p *parts) ([]Record, error) {
	if records, err := d.nested(p.line); err == nil && len(records) > 0 {
		return records, nil
	}
	r := Record{Message: unquote(p.line)}
	err := members(p.labels, func(key, value []byte) {
		if set := d.byLabel[string(key[1:len(key)-1])]; set != nil {
			set(&r, unquote(value))
		}
	})
	if r.Received.IsZero() {
		r.Received, _ = time.Parse(time.RFC3339Nano, unquote(p.timestamp))
	}
	if err != nil || r.Action == "" {
		return nil, err
	}
	return []Record{r}, nil
}

// nested reads the record in a string.
func (d *decoder) nested(value []byte) ([]Record, error) {
	line := bytes.TrimSpace([]byte(unquote(value)))
	if len(line) == 0 || line[0] != '{' {
		return nil, nil
	}
	records, is, err := d.object(line)
	if is != flat {
		return nil, err
	}
	return records, nil
}
