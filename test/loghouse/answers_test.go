//go:build loghouse

package loghouse

import (
	"slices"
	"strings"
)

func is(key string, value any) func(object) bool {
	return func(o object) bool { return o[key] == value }
}

func allOf(conditions ...func(object) bool) func(object) bool {
	return func(o object) bool {
		return !slices.ContainsFunc(conditions, func(holds func(object) bool) bool { return !holds(o) })
	}
}

func number(key string, holds func(n float64) bool) func(object) bool {
	return func(o object) bool { n, ok := o[key].(float64); return ok && holds(n) }
}

func positive(n float64) bool { return n > 0 }

func anyRecord(object) bool { return true }

// ofPod reports whether a record is about a pod, and not about an object that owns pods.
func ofPod(o object) bool { return o["pod"] != nil }

// findNothing are the queries of the page that must find no record of the demo.
var findNothing = []string{
	`namespace = "shop"`,
	`reason = ""`,
	`container_name = "pod-status-logger" and stream = "stderr" and level = "ERROR"`, // TestRoundTrip has one
}

// answers maps each query of the page to the records of the demo that it must find.
var answers = map[string]func(object) bool{
	`pod = "checkout-6b8f9d7d5c-l9w3t"`: is("pod",
		"checkout-6b8f9d7d5c-l9w3t"),
	`state = "terminated" and exit_code > 0`: number("exit_code", positive),
	`level = "error" and bundle.id = "argocd/checkout" and bundle.version = "1.9.0"`: allOf(is("level", "error"),
		is("bundle.id", "argocd/checkout")),
	`reason = "OOMKilled"`: is("reason", "OOMKilled"),
	`reason = "Evicted" and action = "update"`: allOf(is("reason", "Evicted"),
		is("action", "update")),
	`bundle.id = "helm/shop/cart"`: is("bundle.id", "helm/shop/cart"),
	`bundle.name = "cart" and bundle.version = "2.4.0"`: allOf(is("bundle.name", "cart"),
		is("bundle.version", "2.4.0")),
	`trace_id = "f055257ebf3d05d228f6c73dd6fa2e18"`: allOf(is("bundle.name", "cart"),
		is("bundle.version", "2.4.0")),
	`bundle.name = "cart" and action = "delete"`: allOf(is("bundle.name", "cart"),
		is("action", "delete")),
	`action = "event" and object_kind = "ReplicaSet" and reason = "FailedCreate"`: is("object_name",
		"search-74d9b6c5f8"),
	`action = "event" and pod = "orders-0" and event_type = "Warning"`: allOf(is("event_type", "Warning"),
		is("pod", "orders-0")),
	`event_count >= 4`:                     is("event_count", 4.),
	`restart_count >= 1`:                   number("restart_count", positive),
	`exit_code >= 128 and exit_code < 160`: is("exit_code", 137.),
	`exit_code = 137`:                      is("exit_code", 137.),
	`ready is false and state = "running"`: allOf(is("ready", false),
		is("state", "running")),
	`initial is true`: is("initial", true),
	`pod-template-hash = "7c9d5b8f66"`: is("pod-template-hash",
		"7c9d5b8f66"),
	`container_name = "pod-status-logger" and stream = "stdout" and level = "error"`: is("level", "error"),
	// In the table of impossible queries, and in the text.
	`msg = "%pod shop/%"`:      allOf(is("namespace", "shop"), ofPod),
	`msg =~ "pod shop\x2f"`:    allOf(is("namespace", "shop"), ofPod),
	`* = "cart"`:               is("app.kubernetes.io/name", "cart"),
	`bundle.name = "cart"`:     is("app.kubernetes.io/name", "cart"),
	`bundle.version = "2.4.0"`: is("bundle.version", "2.4.0"),
	`reason =~ "^$"`:           is("reason", ""),
	`level != "error"`:         func(o object) bool { return o["level"] != "error" },
	`state = "error"`:          is("state", "error"),
	`~component = "logger"`:    anyRecord,
	`msg =~ "pod shop/"`:       func(o object) bool { return strings.Contains(o["msg"].(string), "pod shop") },
	`state != "error"`:         func(o object) bool { return o["state"] != nil && o["state"] != "error" },
}

// refusals are the queries of the page that loghouse or ClickHouse refuses, and a
// word of the reason.
var refusals = map[string]string{
	`app.kubernetes.io/name = "cart"`: "can't parse",
	`pod-template-hash = 7c9d5b8f66`:  "can't parse",
	`(state = "error")`:               "can't parse",
	`bundle.version = 2.4.0`:          "DB::Exception",
}
