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

// takeLibraryLogs lets the libraries log there too, instead of on channels of
// their own. It is for the start, before they log.
func takeLibraryLogs(log *slog.Logger) {
	klog.SetSlogLogger(log.With("library", "client-go"))
	otel.SetLogger(logr.FromSlogHandler(log.With("library", "opentelemetry").Handler()))
	takeStandardLog(log)
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		if errors.Is(err, context.Canceled) { // the program ends
			return
		}
		log.Error("opentelemetry failed", "error", err)
	}))
}

// takeStandardLog takes over Go's standard log, on which net/http says what it
// finds strange about a connection.
func takeStandardLog(log *slog.Logger) {
	stdlog.SetFlags(0)
	stdlog.SetOutput(slog.NewLogLogger(log.With("library", "net/http").Handler(), slog.LevelWarn).Writer())
}
