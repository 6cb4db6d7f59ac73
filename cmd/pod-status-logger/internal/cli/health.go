package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
)

const (
	healthTimeout = 5 * time.Second
	healthAnswer  = 4096 // shown bytes of the answer, as many as Docker keeps
)

// healthCommand requests /readyz of a running program. The image has no shell for it.
func healthCommand(env Environment) *cobra.Command {
	defaults := config.DefaultOptions()
	cmd := &cobra.Command{
		Use:   "health [URL]",
		Short: "Ask a running program whether it is ready, for health checks",
		Long: `Requests the URL, by default /readyz at the configured address. Prints the
answer, which has the reasons, and exits with status 0 if it is a success,
else 1.`,
		Example: `  pod-status-logger health
  pod-status-logger health http://127.0.0.1:13133/`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return config.Usage(fmt.Errorf("health needs at most one URL, got %q", args))
			}
			return nil
		},
		RunE: configured(env, defaults, func(cmd *cobra.Command, args []string, o config.Options) error {
			target, err := healthURL(args, o.Telemetry.Listen)
			if err != nil {
				return config.Usage(err)
			}
			answer, err := health(cmd.Context(), target)
			if err != nil {
				return fmt.Errorf("not healthy: %w", err)
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), answer)
			return err
		}),
	}
	addFlags(cmd, defaults, config.ListenFlag)
	cmd.Flags().String(config.FlagFile, "", "configuration `file`")
	return cmd
}

func healthURL(args []string, listen string) (string, error) {
	if len(args) == 0 {
		return readyAt(listen)
	}
	u, err := url.Parse(args[0])
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", fmt.Errorf("%q is not a URL such as http://127.0.0.1:9464/readyz", args[0])
	}
	return u.String(), nil
}

// readyAt returns the URL of /readyz of a program that listens at the address.
func readyAt(listen string) (string, error) {
	if listen == "" {
		return "", errors.New("no address is configured; give a URL, or an address with --listen")
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", fmt.Errorf("%q is not an address: %w", listen, err)
	}
	if ip := net.ParseIP(host); host == "" || ip.IsUnspecified() { // it listens on all addresses
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port) + "/readyz", nil
}

// healthClient uses no proxy and follows no redirects: only the program may answer.
func healthClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// health returns the answer of the URL. Answers other than a success are errors.
func health(ctx context.Context, target string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return "", fmt.Errorf("get %s: %w", target, err)
	}
	response, err := healthClient().Do(request)
	if err != nil {
		return "", err // has the method and the URL
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, healthAnswer))
	answer := strings.TrimSpace(string(body))
	if response.StatusCode/100 != 2 {
		return "", fmt.Errorf("%s answered %s: %s", target, response.Status, answer)
	}
	if err != nil {
		return "", fmt.Errorf("read the answer of %s: %w", target, err)
	}
	return answer, nil
}
