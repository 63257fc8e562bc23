#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <optional>
#include <span>
#include <vector>

#include "accumulator.hpp"

namespace ringside::query {

/// Groups by their keys, each with its accumulators. Neighbours in name order are often in one
/// group, so the group of the last record is tried first.
/// Thread safety: one thread.
class GroupTable {
public:
    GroupTable(std::size_t key_count, std::size_t accumulator_count);

    GroupTable(const GroupTable&) = delete;
    GroupTable& operator=(const GroupTable&) = delete;

    /// Returns the group with these keys, creating it if necessary. Returns none if there are too
    /// many.
    [[nodiscard]] std::optional<std::uint32_t> group_of(std::span<const Scalar> keys);

    [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
    [[nodiscard]] std::span<const OwnedScalar> keys(std::uint32_t group) const noexcept {
        return {keys_.data() + group * key_count_, key_count_};
    }
    [[nodiscard]] Accumulator& accumulator(std::uint32_t group, std::size_t index) noexcept {
        return accumulators_[group * accumulator_count_ + index];
    }
    /// Bytes of the keys and accumulators, without the memory that these hold.
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

private:
    struct Probe {
        std::span<const Scalar> keys;
        std::size_t hash;
    };
    struct Hash {
        using is_transparent = void;
        using is_avalanching = void;
        const GroupTable* table;
        std::size_t operator()(std::uint32_t group) const noexcept { return table->hashes_[group]; }
        std::size_t operator()(const Probe& probe) const noexcept { return probe.hash; }
    };
    struct Equal {
        using is_transparent = void;
        const GroupTable* table;
        bool operator()(std::uint32_t a, std::uint32_t b) const noexcept { return a == b; }
        bool operator()(const Probe& probe, std::uint32_t group) const noexcept {
            return table->has_keys(group, probe.keys);
        }
        bool operator()(std::uint32_t group, const Probe& probe) const noexcept {
            return table->has_keys(group, probe.keys);
        }
    };
    [[nodiscard]] bool has_keys(std::uint32_t group, std::span<const Scalar> keys) const noexcept;
    [[nodiscard]] static std::size_t hash_of(std::span<const Scalar> keys) noexcept;
    [[nodiscard]] std::uint32_t add(const Probe& probe);

    std::size_t key_count_;
    std::size_t accumulator_count_;
    std::uint32_t size_ = 0;
    std::uint32_t last_ = 0;
    std::size_t bytes_ = 0;
    std::vector<OwnedScalar> keys_;
    std::vector<std::size_t> hashes_;
    std::vector<Accumulator> accumulators_;
    boost::unordered_flat_set<std::uint32_t, Hash, Equal> groups_;
};

}  // namespace ringside::query
