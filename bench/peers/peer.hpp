#pragma once

#include <memory>
#include <span>
#include <stdexcept>
#include <string_view>

#include "bench/support/workload.hpp"
#include "shm/document/value.hpp"

namespace ringside::bench {

constexpr std::size_t batch_size = 100;
/// A slice of reads ends after this time, with the read that is under way then.
constexpr double slice_ns = 250e6;

using Names = std::span<const std::string_view>;

/// One way to keep records and to get at them. All keep the same names with the same documents, and
/// are used in the best way that each offers. Errors are thrown.
///
/// The loops are in here, so that nothing stands between a loop and what it measures.
class Peer {
public:
    Peer() = default;
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;
    virtual ~Peer() = default;

    [[nodiscard]] virtual std::string_view name() const = 0;

    /// The records 0 to `records` - 1 of the workload.
    virtual void fill(std::size_t records) = 0;

    /// Reads one field of each, one after another; the sum of them.
    virtual std::int64_t read(Names names) = 0;
    /// The same in batches of 100.
    virtual std::int64_t read_many(Names names) = 0;
    /// The sum of two fields of all records that a third one picks.
    virtual std::int64_t scan() = 0;

    /// Replaces documents one after another: each is visible to others before the next begins.
    virtual void write(Names names, std::span<const Bytes> documents) = 0;
    /// The same as fast as it goes; all are visible at the end.
    virtual void write_pipelined(Names names, std::span<const Bytes> documents) = 0;

    /// Whether other processes can get at the records.
    [[nodiscard]] virtual bool is_shared() const { return true; }
    /// In another process, where `is_shared`.
    [[nodiscard]] virtual std::unique_ptr<Peer> open_again() const = 0;

    [[nodiscard]] virtual double bytes_used() const = 0;
};

/// What is read is used, so that no compiler can leave it out.
inline void check_sum(std::int64_t sum) {
    if (sum == 0) throw std::runtime_error("the reads found nothing");
}

/// Calls `each(names, documents)` for one batch after another; documents are used again and again.
template <class Each>
void in_batches(Names names, std::span<const Bytes> documents, const Each& each) {
    for (std::size_t i = 0; i < names.size(); i += batch_size) {
        const std::size_t count = std::min(batch_size, names.size() - i);
        each(names.subspan(i, count), [&, i](std::size_t k) -> const Bytes& {
            return documents[(i + k) % documents.size()];
        });
    }
}

/// Of the names one after another, or of as many as there is time for: some peers take a million
/// times as long as others. The clock is read after each read while they are slow, and after a
/// hundred while they are so fast that it would be measured, too.
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
