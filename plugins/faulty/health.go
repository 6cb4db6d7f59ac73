package faulty

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

// healthCheck is the method that hosts call to see whether a plugin is alive.
const healthCheck = "/grpc.health.v1.Health/Check"

// healthFaults are in the answer to health checks. Records are answered correctly.
func healthFaults() map[string]fault {
	return map[string]fault{
		"has-no-health": unhealthy(func(context.Context) (any, error) {
			return nil, status.Error(codes.Unimplemented, "unknown service grpc.health.v1.Health")
		}),
		"hangs-in-health": unhealthy(func(ctx context.Context) (any, error) {
			<-ctx.Done()
			return nil, status.FromContextError(ctx.Err()).Err()
		}),
		"is-not-serving": unhealthy(func(context.Context) (any, error) {
			return &grpc_health_v1.HealthCheckResponse{Status: grpc_health_v1.HealthCheckResponse_NOT_SERVING}, nil
		}),
	}
}

func unhealthy(answer func(context.Context) (any, error)) fault {
	return fault{"health", func(s *service) {
		s.intercept = func(
			ctx context.Context, request any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler,
		) (any, error) {
			if info.FullMethod == healthCheck {
				return answer(ctx)
			}
			return next(ctx, request)
		}
	}}
}
