package app

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"k8s.io/client-go/rest"
)

// TestHostileServerURL: the user and the query of the server's URL are nowhere to be
// seen, and the user authenticates as before.
func TestHostileServerURL(t *testing.T) {
	for host, want := range map[string]string{
		"https://me:s3cret@api:6443/k8s?token=s3cret#s3cret": "https://api:6443/k8s",
		"me:s3cret@api:6443": "api:6443",
		"api":                "api",
		"https://[::1]:6443": "https://[::1]:6443",
	} {
		client := &rest.Config{Host: host}
		hideSecrets(client)
		if client.Host != want {
			t.Errorf("%s becomes %s, want %s", host, client.Host, want)
		}
		if strings.Contains(host, "@") && (client.Username != "me" || client.Password != "s3cret") {
			t.Errorf("%s: user %q, password %q", host, client.Username, client.Password)
		}
	}
	token := &rest.Config{Host: "https://me:s3cret@api", BearerToken: "t"}
	hideSecrets(token)
	if token.Username != "" || token.Host != "https://api" {
		t.Errorf("%q at %s: it has a token already", token.Username, token.Host)
	}
}

// TestServerURLUser: client-go sends the user.
func TestServerURLUser(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		_, _ = w.Write([]byte(user + " " + password))
	}))
	defer server.Close()
	client := &rest.Config{Host: strings.Replace(server.URL, "://", "://me:s3cret@", 1)}
	hideSecrets(client)
	transport, err := rest.TransportFor(client)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, client.Host, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	got := make([]byte, 100)
	n, _ := answer.Body.Read(got)
	if string(got[:n]) != "me s3cret" {
		t.Errorf("the server saw %q", got[:n])
	}
}
