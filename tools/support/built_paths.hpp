#pragma once

/// The paths of this build's programs and of the source tree. Only for tests and benchmarks: an
/// installed program must not depend on the build folder.
///
/// The values are in one generated source file, so that no other compile line or source file
/// contains an absolute path: a compiler cache then serves clones in any folder. A program that
/// this configuration does not build has an empty path.
namespace ringside::built {

extern const char* const source_directory;

extern const char* const broker;
extern const char* const cli;
extern const char* const gateway;
extern const char* const kafka;

extern const char* const onsale;
extern const char* const quotes;
extern const char* const seatmap;

/// Test programs: a broker with crash points (shm/base/crash_point.hpp), and librdkafka's mock
/// cluster.
extern const char* const crashing_broker;
extern const char* const mock_kafka;

/// Third-party programs, as found when the build was configured.
extern const char* const kcat;
extern const char* const nats_server;
extern const char* const nginx;
extern const char* const node;
extern const char* const redis_server;
extern const char* const wrk;

}  // namespace ringside::built
