package loghouse

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// metadata is added by fluentd's Kubernetes filter: it describes the container whose log is
// read, here pod-status-logger's own.
type metadata struct {
	Namespace, Pod, Container, Host string
	LabelNames, LabelValues         []string
}

// row is a row that fluentd passes to ClickHouse; fields is the part from the line.
type row struct {
	Timestamp   int64    `json:"timestamp"`
	Nsec        uint32   `json:"nsec"`
	Source      string   `json:"source"`
	Namespace   string   `json:"namespace"`
	Host        string   `json:"host"`
	Pod         string   `json:"pod_name"`
	Container   string   `json:"container_name"`
	Stream      string   `json:"stream"`
	LabelNames  []string `json:"labels.names"`
	LabelValues []string `json:"labels.values"`
	fields
}

type fields struct {
	StringNames   []string      `json:"string_fields.names"`
	StringValues  []string      `json:"string_fields.values"`
	NumberNames   []string      `json:"number_fields.names"`
	NumberValues  []json.Number `json:"number_fields.values"`
	BooleanNames  []string      `json:"boolean_fields.names"`
	BooleanValues []int         `json:"boolean_fields.values"`
	NullNames     []string      `json:"null_fields.names"`
}

// tail stands for fluentd's source: `tail` of the container's log file with `format json`,
// which ignores other lines.
func tail(line string) (e entry, ok bool) {
	return e, json.Unmarshal([]byte(line), &e) == nil
}

var criLine = regexp.MustCompile(`(?s)^(\S+) (stdout|stderr) F (.*)$`)

// tailCRI stands for the same source with a parser for containerd's format, which loghouse's
// own configuration lacks.
func tailCRI(line string) (e entry, ok bool) {
	m := criLine.FindStringSubmatch(line)
	if m == nil {
		return entry{}, false
	}
	return entry{Time: m[1], Stream: m[2], Log: m[3]}, true
}

// modify stands for the filter `record_modifier` of loghouse's fluentd: the
// columns about the container, and the fields of the line by their types.
func modify(e entry, m metadata) (row, error) {
	at, err := time.Parse(time.RFC3339Nano, e.Time)
	if err != nil {
		return row{}, fmt.Errorf("time of an entry: %w", err)
	}
	f, err := split(e.Log)
	return row{
		Timestamp: at.Unix(), Nsec: nsec(e.Time), Source: "kubernetes", Stream: e.Stream,
		Namespace: m.Namespace, Host: m.Host, Pod: m.Pod, Container: m.Container,
		LabelNames: m.LabelNames, LabelValues: m.LabelValues, fields: f,
	}, err
}

// nsec parses nanoseconds like loghouse, which reads the digits after the last dot as a number.
// Runtimes omit trailing zeros, so .5 is 5 ns; without a dot it reads the year.
func nsec(t string) uint32 {
	last := t[strings.LastIndexByte(t, '.')+1:]
	digits := last[:len(last)-len(strings.TrimLeft(last, "0123456789"))]
	n, _ := strconv.ParseUint(digits, 10, 32) // no digits are 0, as in Ruby
	return uint32(n)
}

// split sorts the top-level fields of a line by type. A line that is no JSON object becomes one
// string called log.
func split(line string) (fields, error) {
	text := strings.TrimSpace(line)
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if !strings.HasPrefix(text, "{") || !strings.HasSuffix(text, "}") || !json.Valid([]byte(text)) {
		return fields{StringNames: []string{"log"}, StringValues: []string{line}}, nil
	}
	var f fields
	_, _ = d.Token() // the brace
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return fields{}, err
		}
		value, err := d.Token()
		if err != nil {
			return fields{}, err
		}
		if err := f.add(key.(string), value); err != nil {
			return fields{}, err
		}
	}
	return f, nil
}

// add adds a field as loghouse does. Loghouse drops duplicate keys and renders nested values as
// Ruby does, so no line may contain either.
func (f *fields) add(key string, value any) error {
	if slices.Contains(slices.Concat(f.StringNames, f.NumberNames, f.BooleanNames, f.NullNames), key) {
		return fmt.Errorf("the field %q is a duplicate", key)
	}
	switch v := value.(type) {
	case nil:
		f.NullNames = append(f.NullNames, key)
	case bool:
		f.BooleanNames, f.BooleanValues = append(f.BooleanNames, key), append(f.BooleanValues, map[bool]int{true: 1}[v])
	case json.Number:
		f.NumberNames, f.NumberValues = append(f.NumberNames, key), append(f.NumberValues, v)
	case string:
		f.StringNames, f.StringValues = append(f.StringNames, key), append(f.StringValues, v)
	default:
		return fmt.Errorf("the field %q is nested, which loghouse stores as text of Ruby", key)
	}
	return nil
}

// chunk stands for the output `exec` with `format json`: rows that are piped into
// INSERT ... FORMAT JSONEachRow.
func chunk(rows []row) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	for _, r := range rows {
		if err := e.Encode(r.filled()); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// filled returns a row with empty lists in place of missing ones, as in Ruby.
func (r row) filled() row {
	for _, list := range []*[]string{
		&r.LabelNames, &r.LabelValues, &r.StringNames, &r.StringValues, &r.NumberNames, &r.BooleanNames, &r.NullNames,
	} {
		if *list == nil {
			*list = []string{}
		}
	}
	if r.NumberValues == nil {
		r.NumberValues = []json.Number{}
	}
	if r.BooleanValues == nil {
		r.BooleanValues = []int{}
	}
	return r
}
