// Package compose tests the image and docker-compose.yaml as users have them: a
// Docker engine of the test's own, Compose, all services, and a browser that looks
// at the log store's page.
//
// No image can be pulled where this runs. Images of the same names stand in for
// those that Dockerfile and docker-compose.yaml name: the same programs, built
// from Go modules, at the paths and for the users of the originals. What that
// can't show is that the originals can be pulled, and that they are as the
// stand-ins are.
//
// make compose-test builds the programs and runs it.
package compose
