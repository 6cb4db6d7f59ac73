package owner

import (
	"context"
	"errors"
	"net"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/pod-status-logger/pod-status-logger/core/owner/gate"
)

// Outcomes of the look-up of a chain, as [Settings.OnLookup] receives them: a closed
// set, fit for the label of a metric.
const (
	OutcomeFound     = "found"     // up to an object without a controller
	OutcomeTooDeep   = "too_deep"  // up to the limit: references in a circle, most likely
	OutcomeGone      = "gone"      // an owner is missing, or another one has its name
	OutcomeForbidden = "forbidden" // an owner may not be read
	OutcomeTimeout   = "timeout"   // the server did not answer in time
	OutcomeFailed    = "failed"    // any other failure
	OutcomeThrottled = "throttled" // the server asked for a pause
	OutcomeBusy      = "busy"      // not begun: too many are waiting, or the namespace's share is spent
)

// Outcomes returns every outcome, so that a metric can begin with zeros.
func Outcomes() []string {
	return []string{
		OutcomeFound, OutcomeTooDeep, OutcomeGone, OutcomeForbidden, OutcomeTimeout, OutcomeFailed,
		OutcomeThrottled, OutcomeBusy,
	}
}

// Reasons for which a chain is pending, as in [record.OwnerChain]: a closed set, fit for
// the label of a metric.
const (
	ReasonDeadline  = "deadline exceeded"
	ReasonBusy      = "too many look-ups are waiting"
	ReasonShare     = "the namespace has spent its look-ups"
	ReasonThrottled = "the API server asked for a pause"
	ReasonTimeout   = "the API server did not answer in time"
	ReasonFailed    = "the look-up failed"
)

// Reasons returns every reason, so that a metric can begin with zeros.
func Reasons() []string {
	return []string{ReasonDeadline, ReasonBusy, ReasonShare, ReasonThrottled, ReasonTimeout, ReasonFailed}
}

// reasonOf returns the reason for the outcome of a look-up that failed.
func reasonOf(outcome string) string {
	switch outcome {
	case OutcomeThrottled:
		return ReasonThrottled
	case OutcomeTimeout:
		return ReasonTimeout
	case OutcomeBusy:
		return ReasonBusy
	default:
		return ReasonFailed
	}
}

// errGone reports that the object of a reference is missing.
var errGone = errors.New("not found")

// outcomeOf classifies the error that ended a chain.
func outcomeOf(err error) string {
	var denied *gate.DeniedError
	var paused *gate.PausedError
	var netErr net.Error
	switch {
	case errors.Is(err, errGone):
		return OutcomeGone
	case errors.As(err, &denied):
		return OutcomeForbidden
	case errors.As(err, &paused):
		return OutcomeThrottled
	case errors.Is(err, context.DeadlineExceeded), apierrors.IsTimeout(err), apierrors.IsServerTimeout(err),
		errors.As(err, &netErr) && netErr.Timeout():
		return OutcomeTimeout
	default:
		return OutcomeFailed
	}
}
