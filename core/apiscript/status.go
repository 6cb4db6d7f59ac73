package apiscript

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// user is the name under which the server knows its client.
const user = "apiscript"

// status returns a scripted failure of a request for objects of the collection.
func (c *Collection) status(code int, retryAfter time.Duration, reason metav1.StatusReason) *metav1.Status {
	of := c.resource.group()
	st := apierrors.NewGenericServerResponse(
		code, "watch", of, "", "scripted failure", int(retryAfter/time.Second), false).Status()
	switch code {
	case http.StatusForbidden:
		st.Message = fmt.Sprintf("%s is forbidden: User %q cannot watch resource %q in API group %q at the cluster scope",
			of, user, of.Resource, of.Group)
	case http.StatusGone:
		st.Reason = metav1.StatusReasonExpired
	}
	if reason != "" {
		st.Reason = reason
	}
	return &st
}

// TooLarge is the real server's answer to a resourceVersion that it has not reached
// yet, for [Collection.FailNextStatus] and [Collection.ErrorNext].
func TooLarge() metav1.Status {
	st := apierrors.NewTimeoutError("Too large resource version: 9999, current: 1000", 0).Status()
	st.Details.Causes = []metav1.StatusCause{{
		Type: metav1.CauseTypeResourceVersionTooLarge, Message: "Too large resource version",
	}}
	return st
}

// gone is the real server's answer to a resourceVersion before its history.
func gone(rv, oldest uint64) *metav1.Status {
	why := "too old resource version: " + formatRV(rv) + " (" + formatRV(oldest) + ")"
	st := apierrors.NewResourceExpired(why).Status()
	return &st
}

// refused is the answer of a server that has streaming lists switched off.
func refused() *metav1.Status {
	err := apierrors.NewInvalid(schema.GroupKind{Group: metav1.GroupName, Kind: "ListOptions"}, "", nil)
	err.ErrStatus.Message = `ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: ` +
		`sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled`
	return &err.ErrStatus
}

// forbidden has the words of the real server's RBAC.
func forbidden(of schema.GroupResource, at address) *metav1.Status {
	return forbiddenVerb("get", of, at)
}

func forbiddenVerb(verb string, of schema.GroupResource, at address) *metav1.Status {
	where := "at the cluster scope"
	if at.namespace != "" {
		where = fmt.Sprintf("in the namespace %q", at.namespace)
	}
	why := fmt.Sprintf("User %q cannot %s resource %q in API group %q %s", user, verb, of.Resource, of.Group, where)
	st := apierrors.NewForbidden(of, at.name, errors.New(why)).Status()
	return &st
}

func badRequest(err error) *metav1.Status {
	st := apierrors.NewBadRequest(err.Error()).Status()
	return &st
}

// badVersion is 500 without a reason for a watch, though the client is to blame: so
// does the real server.
func badVersion(watch bool, err error) *metav1.Status {
	if watch {
		return &metav1.Status{
			Status: metav1.StatusFailure, Code: http.StatusInternalServerError,
			Message: "resourceVersion: Invalid value: " + err.Error(),
		}
	}
	return badRequest(err)
}

// notServed is the answer to a path that leads nowhere.
func notServed() *metav1.Status { return failedGet(http.StatusNotFound, "") }

func failedGet(code int, message string) *metav1.Status {
	st := apierrors.NewGenericServerResponse(code, "get", schema.GroupResource{}, "", message, 0, false).Status()
	return &st
}
