package input

import (
	"encoding/json"
	"strconv"
	"time"
)

// otlpRequest is a request of logs in OTLP's JSON form, as the Collector's file exporter writes it.
type otlpRequest struct {
	ResourceLogs []struct {
		Resource struct {
			Attributes []otlpAttribute `json:"attributes"`
		} `json:"resource"`
		ScopeLogs []struct {
			LogRecords []otlpRecord `json:"logRecords"`
		} `json:"scopeLogs"`
	} `json:"resourceLogs"`
}

type otlpRecord struct {
	Time         json.RawMessage `json:"timeUnixNano"`
	ObservedTime json.RawMessage `json:"observedTimeUnixNano"`
	Severity     string          `json:"severityText"`
	Body         otlpValue       `json:"body"`
	Attributes   []otlpAttribute `json:"attributes"`
	TraceID      string          `json:"traceId"`
}

type otlpAttribute struct {
	Key   string    `json:"key"`
	Value otlpValue `json:"value"`
}

type otlpValue struct {
	String string          `json:"stringValue"`
	Bool   json.RawMessage `json:"boolValue"`
	Int    json.RawMessage `json:"intValue"` // a number, or a string with one
}

// text returns the value in its JSON form.
func (v *otlpValue) text() string {
	switch {
	case v.Int != nil:
		return unquote(v.Int)
	case v.Bool != nil:
		return string(v.Bool)
	}
	return v.String
}

// otlp reads the records of a request.
func (d *decoder) otlp(line []byte) ([]Record, error) {
	var request otlpRequest
	if err := json.Unmarshal(line, &request); err != nil {
		return nil, err
	}
	var records []Record
	for i := range request.ResourceLogs {
		resource := &request.ResourceLogs[i]
		for j := range resource.ScopeLogs {
			for k := range resource.ScopeLogs[j].LogRecords {
				from := &resource.ScopeLogs[j].LogRecords[k]
				r := Record{Message: from.Body.text(), TraceID: from.TraceID, Received: from.time()}
				setLevel(&r, from.Severity)
				d.setAll(&r, resource.Resource.Attributes)
				d.setAll(&r, from.Attributes)
				records = append(records, r)
			}
		}
	}
	return records, nil
}

func (d *decoder) setAll(r *Record, attributes []otlpAttribute) {
	for i := range attributes {
		if set := d.byAttribute[attributes[i].Key]; set != nil {
			set(r, attributes[i].Value.text())
		}
	}
}

func (r *otlpRecord) time() time.Time {
	for _, raw := range []json.RawMessage{r.Time, r.ObservedTime} {
		if n, err := strconv.ParseInt(unquote(raw), 10, 64); err == nil && n > 0 {
			return time.Unix(0, n).UTC()
		}
	}
	return time.Time{}
}
