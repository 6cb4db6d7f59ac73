package owner

import (
	"context"
	"errors"
	"net"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
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
	OutcomeBusy      = "busy"      // not begun: too many are waiting
)

// Outcomes returns every outcome, so that a metric can begin with zeros.
func Outcomes() []string {
	return []string{
		OutcomeFound, OutcomeTooDeep, OutcomeGone, OutcomeForbidden, OutcomeTimeout, OutcomeFailed, OutcomeBusy,
	}
}

// errGone reports that the object of a reference is missing.
var errGone = errors.New("not found")

// outcomeOf classifies the error that ended a chain.
func outcomeOf(err error) string {
	var denied *forbiddenError
	var netErr net.Error
	switch {
	case errors.Is(err, errGone):
		return OutcomeGone
	case errors.As(err, &denied):
		return OutcomeForbidden
	case errors.Is(err, context.DeadlineExceeded), apierrors.IsTimeout(err), apierrors.IsServerTimeout(err),
		errors.As(err, &netErr) && netErr.Timeout():
		return OutcomeTimeout
	default:
		return OutcomeFailed
	}
}
