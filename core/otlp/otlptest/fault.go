package otlptest

import (
	"net/http"
	"time"

	"google.golang.org/grpc/codes"
)

// Fault is a way in which a [Receiver] fails to take a request. The zero value is no
// fault.
type Fault struct {
	Code       codes.Code    // gRPC: this status
	Status     int           // HTTP: this status
	Message    string        // with Code, Status and Rejected
	RetryAfter time.Duration // gRPC: RetryInfo; HTTP: Retry-After in whole seconds
	AsDate     bool          // HTTP: Retry-After as a date
	Location   string        // HTTP: the destination of a redirect

	// Rejected records are reported as a partial success, and so is a Message
	// without any other fault. The request is taken.
	Rejected int64

	Hang  bool // no answer until the client gives up
	Close bool // the connection is closed without an answer
	Lost  bool // with Hang or Close: the request is taken before

	Page    string // HTTP: 200 with this, nothing is taken
	Type    string // HTTP: content type of Page; default: text/html
	Bytes   int    // 200, or OK, but the answer has so many bytes; nothing is taken
	Garbage bool   // 200, or OK, but the answer can't be decoded
}

// received reports whether the records are taken.
func (f Fault) received() bool {
	return f.Lost ||
		f.Code == codes.OK && (f.Status == 0 || f.Status/100 == 2) && !f.Hang && !f.Close && f.Page == "" && f.Bytes == 0
}

// Unavailable is a receiver that is shutting down, in both protocols.
func Unavailable() Fault {
	return Fault{Code: codes.Unavailable, Status: http.StatusServiceUnavailable, Message: "shutting down"}
}

// Throttled is a receiver that is full and asks for a pause, or with a zero after for
// none.
func Throttled(after time.Duration) Fault {
	return Fault{
		Code: codes.ResourceExhausted, Status: http.StatusTooManyRequests,
		Message: "queue full", RetryAfter: after,
	}
}

// invalid is a receiver that refuses the records.
func invalid() Fault {
	return Fault{Code: codes.InvalidArgument, Status: http.StatusBadRequest, Message: "bad record"}
}
