// Package transport guards a client of an API server against answers that would lead the client
// elsewhere, fill its memory or silence it. It refuses redirects, which would take the credentials
// along, and cuts the bodies of errors. It keeps the Retry-After of a response for [RetryAfter],
// because client-go drops the header if the body is a Status without details.
package transport
