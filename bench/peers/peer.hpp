#pragma once

#include <memory>
#include <span>
#include <stdexcept>
#include <string_view>

#include "bench/support/workload.hpp"
#include "shm/document/value.hpp"

namespace ringside::bench {

constexpr std::size_t batch_size = 100;
/// A slice of reads ends after this time, once the current read is complete.
constexpr double slice_ns = 250e6;

using Names = std::span<const std::string_view>;

/// One way to store and read records. All peers hold the same names and documents. Each is used in
/// the best way that it offers. Throws on errors.
///
/// The loops are inside the peers, so that no virtual call lies between a loop and its operation.
class Peer {
public:
    Peer() = default;
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;
    virtual ~Peer() = default;

    [[nodiscard]] virtual std::string_view name() const = 0;

    /// Stores the records 0 to `records` - 1 of the workload.
    virtual void fill(std::size_t records) = 0;

    /// Reads one field of each record, one record at a time. Returns the sum.
    virtual std::int64_t read(Names names) = 0;
    /// Same, in batches of 100.
    virtual std::int64_t read_many(Names names) = 0;
    /// Returns the sum of two fields of all records that a third field selects.
    virtual std::int64_t scan() = 0;

    /// Replaces documents one at a time: each is visible to others before the next write.
    virtual void write(Names names, std::span<const Bytes> documents) = 0;
    /// Same at full speed; all writes are visible at the end.
    virtual void write_pipelined(Names names, std::span<const Bytes> documents) = 0;

    /// Returns whether other processes can access the records.
    [[nodiscard]] virtual bool is_shared() const { return true; }
    /// Opens the records in another process. Only if `is_shared`.
    [[nodiscard]] virtual std::unique_ptr<Peer> open_again() const = 0;

    [[nodiscard]] virtual double bytes_used() const = 0;
};

/// Uses the result of the reads, so that the compiler cannot remove them.
inline void check_sum(std::int64_t sum) {
    if (sum == 0) throw std::runtime_error("reads found nothing");
}

/// Calls `each(names, documents)` for each batch. Documents are reused in rotation.
template <class Each>
void in_batches(Names names, std::span<const Bytes> documents, const Each& each) {
    for (std::size_t i = 0; i < names.size(); i += batch_size) {
        const std::size_t count = std::min(batch_size, names.size() - i);
        each(names.subspan(i, count), [&, i](std::size_t k) -> const Bytes& {
            return documents[(i + k) % documents.size()];
        });
    }
}

/// Measures reads of the names in order, as many as fit into a slice: some peers are a million
/// times slower than others. Slow peers have the clock read after each read, fast ones after a
/// hundred, so that reading the clock does not distort the result.
[[nodiscard]] inline double ns_per_read(Peer& peer, Names names) {
    const auto start = Clock::now();
    std::int64_t sum = 0;
    std::size_t done = 0;
    double taken_ns = 0;
    for (std::size_t batch = 1; done < names.size() && taken_ns < slice_ns;) {
        const std::size_t count = std::min(batch, names.size() - done);
        sum += peer.read(names.subspan(done, count));
        done += count;
        taken_ns = ns_since(start);
        const bool is_fast = taken_ns < 10'000 * static_cast<double>(done);
        batch = is_fast ? std::min(2 * batch, batch_size) : 1;
    }
    check_sum(sum);
    return taken_ns / static_cast<double>(done);
}

std::unique_ptr<Peer> make_map();

}  // namespace ringside::bench
