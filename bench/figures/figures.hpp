#pragma once

#include <string>

#include "bench/support/process.hpp"
#include "bench/support/report.hpp"
#include "bench/support/workload.hpp"
#include "ringside/client.hpp"

/// The figures of docs/benchmarks.md. Each is the median of several slices.
namespace ringside::bench {

struct Scale {
    std::size_t records = 1'000'000;
    std::size_t samples = 300'000;
    int slices = 7;
};

/// Measures the round trip of a cache line to the other core. Leaves the thread on core 0.
double cache_line_round_trip_ns();

void fill(Client& client, std::size_t records);

/// Reads of one field while another process writes at full speed.
void measure_reads(Report& report, const std::string& grid, std::size_t records,
                   const Scale& scale);
void measure_get_many(Report& report, const Client& client, std::size_t records,
                      const Scale& scale);
void measure_scan(Report& report, const Client& client, const Scale& scale,
                  const std::string& what);
void measure_memory(Report& report, const std::string& grid, std::size_t records);

void measure_acknowledged(Report& report, const std::string& grid, const Scale& scale);
void measure_pipelined(Report& report, const std::string& grid, std::size_t records,
                       const Scale& scale);

/// The cost of a write while thousands of idle sessions are attached.
void measure_idle_sessions(Report& report, const Scale& scale);

/// Latency of puts while other clients send the costliest patches that are allowed.
void measure_costly_clients(Report& report, const Scale& scale);

/// Latency of puts, and the broker's private memory, under load from each kind of hostile client.
void measure_hostile_clients(Report& report, const Scale& scale);

/// Counts writes that a grid refuses because /dev/shm is full. Skipped if this process cannot
/// mount.
void measure_full_memory(Report& report, const Scale& scale);

/// The engine's cost of changing one seat in records with many seats.
void measure_patches(Report& report, const Scale& scale);

/// From the store that publishes a change until a watcher has its event.
void measure_watch(Report& report, const Scale& scale);
/// From the call of `put` until a watcher has its event.
void measure_put_to_watch(Report& report, const std::string& grid, const Scale& scale);
/// The engine's cost of a change with 64 watchers, and with one.
void measure_watchers(Report& report, const Broker& broker, const Scale& scale);

/// The cost of the store, and how long a grid is without a broker.
void measure_durability(Report& report, const Scale& scale);

}  // namespace ringside::bench
