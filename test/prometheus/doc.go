// Package prometheus holds the alert rules and the dashboard to Prometheus
// itself: its parser, promtool, and a server that scrapes the real program. It
// has no code that others use.
package prometheus
