package otlp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	collectorpb "go.opentelemetry.io/proto/slim/otlp/collector/logs/v1"
	"google.golang.org/protobuf/proto"
)

// maxAnswer is the maximum size of an answer in bytes. A longer one is not from an OTLP receiver, or says nothing about
// the records that is worth the memory. The odd number distinguishes gRPC's error for it from the error of a server
// for which the request is too large: both have the same text, and a limit at the end.
const maxAnswer = 4<<20 + 77

// answer is the receiver's answer to a request that it took.
type answer struct {
	rejected int64  // records that it took but won't keep
	message  string // the reason, or a warning
}

// decodeAnswer decodes the answer for any signal: they differ in the names of fields
// only, which aren't on the wire.
func decodeAnswer(response []byte) answer {
	var r collectorpb.ExportLogsServiceResponse
	if err := proto.Unmarshal(response, &r); err != nil {
		// The status reports success; some receivers answer in a format of
		// their own.
		return answer{message: "the answer is not an OTLP response"}
	}
	p := r.GetPartialSuccess()
	return answer{rejected: p.GetRejectedLogRecords(), message: shorten(p.GetErrorMessage())}
}

// httpAnswer decodes an answer with a status of success. It must be an OTLP response or empty: the login page of a
// proxy, or the error of a server at a wrong endpoint, keeps no records. A receiver may answer in JSON, which OTLP
// allows only for requests in JSON.
func httpAnswer(r *http.Response, body []byte) (answer, error) {
	switch t := contentType(r); {
	case len(body) > maxAnswer:
		return answer{},
			&failure{err: fmt.Errorf("HTTP %s with more than %d bytes: not an OTLP receiver", r.Status, maxAnswer)}
	case len(body) == 0:
		return answer{}, nil
	case t == protobufType:
		return decodeAnswer(body), nil
	case t == jsonType:
		if a, ok := decodeJSONAnswer(body); ok {
			return a, nil
		}
		return answer{},
			&failure{err: fmt.Errorf("HTTP %s with JSON that is not an OTLP response: %q", r.Status, shorten(string(body)))}
	default:
		return answer{}, &failure{err: fmt.Errorf("HTTP %s with content of type %q: not an OTLP receiver", r.Status, t)}
	}
}

// decodeJSONAnswer decodes the JSON form of an answer for any signal. ok is false if it has other fields.
func decodeJSONAnswer(body []byte) (a answer, ok bool) {
	var r struct {
		PartialSuccess map[string]any `json:"partialSuccess"`
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	d.UseNumber()
	if err := d.Decode(&r); err != nil {
		return answer{}, false
	}
	for key, value := range r.PartialSuccess {
		if strings.HasPrefix(key, "rejected") {
			a.rejected, _ = strconv.ParseInt(fmt.Sprint(value), 10, 64)
		}
	}
	message, _ := r.PartialSuccess["errorMessage"].(string)
	a.message = shorten(message)
	return a, true
}
