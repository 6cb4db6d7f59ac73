package watch

import (
	"errors"
	"net"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Reasons for which a request ended, as [Settings.OnRestart] receives them: a closed
// set, fit for the label of a metric.
const (
	ReasonClosed       = "closed"       // ended by the server or the connection; every few minutes that is normal
	ReasonExpired      = "expired"      // the history after the checkpoint is gone
	ReasonTooLarge     = "too_large"    // the server has not reached the checkpoint yet
	ReasonThrottled    = "throttled"    // 429
	ReasonTimeout      = "timeout"      // the server or the connection timed out
	ReasonServerError  = "server_error" // other 5xx, as an answer or in the stream
	ReasonRefused      = "refused"      // no connection
	ReasonUnauthorized = "unauthorized"
	ReasonForbidden    = "forbidden"
	ReasonInvalid      = "invalid"   // the server refuses the request's parameters
	ReasonStalled      = "stalled"   // the server was silent for too long
	ReasonRewound      = "rewound"   // the server is behind the checkpoint: etcd was restored, or it is another cluster
	ReasonRewritten    = "rewritten" // the server has an unknown object from before the checkpoint: another history
	ReasonOther        = "other"
)

// Reasons returns every reason, so that a metric can begin with zeros.
func Reasons() []string {
	return []string{
		ReasonClosed, ReasonExpired, ReasonTooLarge, ReasonThrottled, ReasonTimeout, ReasonServerError,
		ReasonRefused, ReasonUnauthorized, ReasonForbidden, ReasonInvalid, ReasonStalled,
		ReasonRewound, ReasonRewritten, ReasonOther,
	}
}

// reasonOf classifies the error with which a request ended.
func reasonOf(err error) string {
	switch {
	case err == nil:
		return ReasonClosed
	case errors.Is(err, errStalled):
		return ReasonStalled
	case errors.Is(err, errIgnored):
		return ReasonInvalid
	case errors.Is(err, errRewound):
		return ReasonRewound
	case errors.Is(err, errRewritten):
		return ReasonRewritten
	}
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return reasonOfStatus(err, status.Status())
	}
	return reasonOfTransport(err)
}

func reasonOfStatus(err error, status metav1.Status) string {
	switch {
	case apierrors.HasStatusCause(err, metav1.CauseTypeResourceVersionTooLarge):
		return ReasonTooLarge
	case status.Details != nil && hasCause(status.Details.Causes, "ClientWatchDecoding"):
		return ReasonClosed // a connection that broke within a frame
	// Expired comes as 410 with either reason, as an answer or in the stream.
	case apierrors.IsResourceExpired(err) || apierrors.IsGone(err):
		return ReasonExpired
	case apierrors.IsTooManyRequests(err):
		return ReasonThrottled
	case apierrors.IsUnauthorized(err):
		return ReasonUnauthorized
	case apierrors.IsForbidden(err):
		return ReasonForbidden
	case apierrors.IsInvalid(err) || apierrors.IsBadRequest(err):
		return ReasonInvalid
	case apierrors.IsTimeout(err) || apierrors.IsServerTimeout(err):
		return ReasonTimeout
	case status.Code >= http.StatusInternalServerError:
		return ReasonServerError
	default:
		return ReasonOther
	}
}

func hasCause(causes []metav1.StatusCause, t metav1.CauseType) bool {
	for _, c := range causes {
		if c.Type == t {
			return true
		}
	}
	return false
}

func reasonOfTransport(err error) string {
	var op *net.OpError
	var netErr net.Error
	switch {
	case errors.As(err, &op) && op.Op == "dial":
		return ReasonRefused
	case errors.As(err, &netErr) && netErr.Timeout():
		return ReasonTimeout
	default:
		return ReasonOther
	}
}
