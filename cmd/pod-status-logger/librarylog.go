package main

import (
	"context"
	"errors"
	stdlog "log"
	"log/slog"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	"k8s.io/klog/v2"
)

// redirectLibraryLogs sends the logs of libraries to log. Call it before they log.
func redirectLibraryLogs(log *slog.Logger) {
	klog.SetSlogLogger(log.With("library", "client-go"))
	otel.SetLogger(logr.FromSlogHandler(log.With("library", "opentelemetry").Handler()))
	redirectStandardLog(log)
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		if errors.Is(err, context.Canceled) { // by the shutdown
			return
		}
		log.Error("opentelemetry failed", "error", err)
	}))
}

// redirectStandardLog redirects Go's standard log, to which net/http reports unexpected
// data on connections.
func redirectStandardLog(log *slog.Logger) {
	stdlog.SetFlags(0)
	stdlog.SetOutput(slog.NewLogLogger(log.With("library", "net/http").Handler(), slog.LevelWarn).Writer())
}
